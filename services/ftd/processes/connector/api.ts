import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ContextBody, shownContext, shownTenant } from './context.ts'
import type { Contexts } from './contexts.ts'

const MAX_BODY_BYTES = 1_048_576

interface Answer {
  readonly status: number
  readonly body?: unknown
}

/** What a request on a route does. `body` is the parsed JSON of the request, undefined when there was none. */
type Operation = (body: unknown) => Answer | Promise<Answer>

/** What the process does on `POST /v1/action`. */
export interface Actions {
  shutdown(): void
  reset(): Promise<void>
}

/** The connector's local API: the routes of domain facts 2.2 (public P32, P33, P34; bodies invented unless said there). */
export function localApi(contexts: Contexts, actions: Actions): RequestListener {
  const routes = operations(contexts)
  return (request, response) => {
    serve(routes, actions, request, response).catch((error: unknown) => {
      answer(response, { status: 500, body: { error: String(error) } })
    })
  }
}

async function serve(
  routes: Readonly<Record<string, Readonly<Record<string, Operation>>>>,
  actions: Actions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname
  const text = await readBody(request)
  if (text === undefined) return answer(response, { status: 413, body: { error: `a body of more than ${MAX_BODY_BYTES} bytes` } })
  if (path === '/v1/action' && request.method === 'POST') return act(url.searchParams.get('type'), actions, response)
  const methods = routes[path]
  if (methods === undefined) return notFound(path, response)
  const operation = methods[request.method ?? '']
  if (operation === undefined) return answer(response, { status: 405 })
  const body = parse(text)
  if (body instanceof SyntaxError) return answer(response, { status: 400, body: { error: `not JSON: ${body.message}` } })
  answer(response, await operation(body))
}

function operations(contexts: Contexts): Readonly<Record<string, Readonly<Record<string, Operation>>>> {
  const unknown: Answer = { status: 404, body: { error: 'context not found' } }
  const create: Operation = async (body) => {
    if (contexts.context !== undefined) return { status: 409, body: { error: 'context already exists' } }
    const parsed = ContextBody.safeParse(body)
    if (!parsed.success) return { status: 400, body: { error: readable(parsed.error.issues) } }
    await contexts.create(parsed.data)
    return { status: 201, body: shownContext(contexts.context!) }
  }
  const update: Operation = async (body) => {
    if (contexts.context === undefined) return unknown
    const parsed = ContextBody.safeParse(body)
    if (!parsed.success) return { status: 400, body: { error: readable(parsed.error.issues) } }
    await contexts.update(parsed.data)
    return { status: 200, body: shownContext(contexts.context) }
  }
  const remove: Operation = async () => {
    if (contexts.context === undefined) return unknown
    await contexts.remove()
    return { status: 204 }
  }
  const activate: Operation = async (body) => {
    if (contexts.context === undefined) return unknown
    const token = (body as { token?: unknown } | null | undefined)?.token
    if (typeof token !== 'string' || token === '') return { status: 400, body: { error: 'token: expected a registration token' } }
    await contexts.activate(token)
    return { status: 200, body: { status: contexts.context.status } }
  }
  const show = (shown: (context: NonNullable<Contexts['context']>) => unknown): Operation => {
    return () => {
      const body = contexts.context && shown(contexts.context)
      return body === undefined ? unknown : { status: 200, body }
    }
  }
  return {
    '/v1/contexts': {
      GET: () => ({ status: 200, body: contexts.context === undefined ? [] : [shownContext(contexts.context)] }),
      POST: create,
    },
    '/v1/contexts/default': { GET: show(shownContext), PUT: update, DELETE: remove },
    '/v1/contexts/default/status': { GET: show(({ status }) => ({ status })) },
    '/v1/contexts/default/activations': { POST: activate },
    '/v1/contexts/default/tenant': { GET: show(({ registered }) => registered && shownTenant(registered)) },
  }
}

async function act(type: string | null, actions: Actions, response: ServerResponse): Promise<void> {
  if (type === 'shutdown') {
    answer(response, { status: 200 })
    response.on('finish', () => actions.shutdown())
  } else if (type === 'reset') {
    await actions.reset()
    answer(response, { status: 200 })
  } else answer(response, { status: 400, body: { error: 'type: expected shutdown or reset' } })
}

function notFound(path: string, response: ServerResponse): void {
  if (/^\/v1\/contexts\/[^/]+\/services\//.test(path)) {
    answer(response, { status: 501, body: { code: 'LAB_NOT_EMULATED', error: `${path} is not emulated by the lab` } })
  } else if (/^\/v1\/contexts\/[^/]+/.test(path)) answer(response, { status: 404, body: { error: 'context not found' } })
  // gorilla/mux, which serves the real connector (public P34), says it like this.
  else response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
}

function answer(response: ServerResponse, { status, body }: Answer): void {
  if (response.headersSent) return
  if (body === undefined) response.writeHead(status).end()
  else response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

/** The request's body, or undefined when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return length > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    return error
  }
}

function readable(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues.map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`).join('; ')
}
