import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { ADMIN_PORT } from '../contract/admin.ts'
import { LabError } from '../kernel/errors.ts'
import type { World } from '../kernel/world.ts'
import { serveHttp } from '../wire/http/server.ts'
import { isSameSecret } from './same-secret.ts'

/** The largest request body that is read, in bytes. */
const BODY_LIMIT_BYTES = 1_048_576

export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface AdminAnswer {
  readonly status: number
  /** Sent as JSON; nothing is sent without it. */
  readonly body?: unknown
}

/** One operation of an administration API. */
export interface AdminRoute {
  readonly method: AdminMethod
  /** A path; `{name}` stands for one segment. */
  readonly path: string
  /** What it throws is answered in its own words: `NoSuchObject` with 404, a `LabError` with 501 when it is LAB_NOT_EMULATED and else with 400. */
  handle(parameters: Readonly<Record<string, string>>, body: unknown): AdminAnswer | Promise<AdminAnswer>
}

/** Checks a request body; what is wrong with it is said field by field. */
export function checkedBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  )
  throw new LabError('LAB_BAD_INPUT', problems.join('; '))
}

/** There is no such object: answered with 404. */
export class NoSuchObject extends Error {}

/**
 * Serves the administration API of a host of the customer's network on `ADMIN_PORT`: JSON over HTTP, `Authorization: Bearer <token>`
 * (invented). Errors are `{"error": "<one sentence>"}` with 400, 401, 404, 405, 413, 500 or 501.
 */
export function serveAdmin(world: World, token: string, routes: readonly AdminRoute[]): Promise<AsyncDisposable> {
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    answer(world, token, routes, request).then(
      (result) => send(response, result),
      (error: unknown) => send(response, refusal(world, error)),
    )
  }
  return serveHttp(world, { port: ADMIN_PORT, handler })
}

async function answer(world: World, token: string, routes: readonly AdminRoute[], request: IncomingMessage): Promise<AdminAnswer> {
  if (!isSameSecret(request.headers.authorization ?? '', `Bearer ${token}`))
    return failure(401, 'send Authorization: Bearer with the administration token')
  const path = (request.url ?? '/').split('?', 1)[0]!
  const atPath = routes.flatMap((route) => {
    const parameters = matchPath(route.path, path)
    return parameters === undefined ? [] : [{ route, parameters }]
  })
  if (atPath.length === 0)
    return failure(404, `there is nothing at ${path}; there are ${[...new Set(routes.map((route) => route.path))].join(', ')}`)
  const found = atPath.find(({ route }) => route.method === request.method)
  if (found === undefined) return failure(405, `${path} answers ${atPath.map(({ route }) => route.method).join(', ')}`)
  const body = await readJson(request)
  world.log.info('admin.request', { method: request.method, path })
  return found.route.handle(found.parameters, body)
}

/** The values of the path's `{…}` segments, or undefined when the path is another one. */
function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1]
    if (name === undefined) {
      if (segment !== given[index]) return undefined
    } else {
      const value = decoded(given[index]!)
      if (value === undefined || value === '') return undefined
      parameters[name] = value
    }
  }
  return parameters
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    // A broken percent escape names nothing.
    return undefined
  }
}

class TooLarge extends Error {}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_LIMIT_BYTES) throw new TooLarge()
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw new LabError('LAB_BAD_INPUT', `the body is not JSON: ${(error as Error).message}`)
  }
}

function failure(status: number, error: string): AdminAnswer {
  return { status, body: { error } }
}

function refusal(world: World, error: unknown): AdminAnswer {
  if (error instanceof TooLarge) return failure(413, `a body may have ${BODY_LIMIT_BYTES} bytes`)
  if (error instanceof NoSuchObject) return failure(404, error.message)
  if (error instanceof LabError) return failure(error.code === 'LAB_NOT_EMULATED' ? 501 : 400, error.message)
  world.log.error('admin.failed', { error })
  return failure(500, error instanceof Error ? error.message : String(error))
}

function send(response: ServerResponse, { status, body }: AdminAnswer): void {
  // A client may have gone while its request was worked on.
  if (response.destroyed) return
  const text = body === undefined ? '' : JSON.stringify(body)
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
  // What is left of a body that was too large is not read.
  if (status === 413) response.setHeader('Connection', 'close')
  if (text !== '') response.setHeader('Content-Type', 'application/json')
  if (status !== 204) response.setHeader('Content-Length', Buffer.byteLength(text))
  response.writeHead(status)
  response.end(text)
}
