import { Agent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { codeOf } from '../../kernel/errors.ts'
import type { World } from '../../kernel/world.ts'
import { startDeadline } from '../deadline.ts'
import { openRoute, originOf } from './route.ts'
import type { RouteOptions } from './route.ts'

export interface HttpRequest {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array
  /** Limit for the whole exchange, in lab time. Rejects with `DeadlineError`. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/** The other end broke the HTTP exchange. `code`: ECONNRESET (closed or reset before the answer was whole), ETIMEDOUT, HPE_… (not HTTP). */
export class HttpError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'HttpError'
    this.code = code
  }
}

/**
 * One HTTP request on a connection of its own. Redirects are not followed; any status resolves. Rejects with `DnsError`, `DialError`,
 * `TlsError`, `ProxyError`, `ProxyProtocolError`, `HttpError`, `DeadlineError`, or the signal's reason.
 */
export async function request(world: World, options: HttpRequest & RouteOptions & { readonly url: string }): Promise<HttpResponse> {
  const url = new URL(options.url)
  const agent = agentFor(world, url, options, false)
  try {
    return await agent.request(url.pathname + url.search, options)
  } finally {
    agent.close()
  }
}

export interface HttpAgent extends AsyncDisposable {
  /**
   * `path` begins with a slash. Requests go in turn over one connection, which is made when first needed and made anew after the server
   * closed it. Rejects as `request` does.
   */
  request(path: string, options?: HttpRequest): Promise<HttpResponse>
  /** Ends the connection; a request that runs then fails. */
  close(): void
}

/** A client for one origin, e.g. `https://api-sse.cisco.com`, that keeps its connection. */
export function createAgent(world: World, options: RouteOptions & { readonly origin: string }): HttpAgent {
  return agentFor(world, new URL(options.origin), options, true)
}

function agentFor(world: World, url: URL, route: RouteOptions, keepAlive: boolean): HttpAgent {
  const origin = originOf(url)
  const defaultPort = origin.secure ? 443 : 80
  let socket: Duplex | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const agent = new Agent({ keepAlive, maxSockets: 1 }) as Agent & { keepSocketAlive(): boolean }
  agent.createConnection = () => socket!
  // Node's own would start real timers, also when the server says `Keep-Alive: timeout=5`.
  agent.keepSocketAlive = () => true

  const exchange = async (path: string, options: HttpRequest): Promise<HttpResponse> => {
    using deadline = startDeadline(world.clock, options.timeoutMs, options.signal)
    deadline.signal.throwIfAborted()
    for (;;) {
      const reused = socket !== undefined && !socket.destroyed && socket.writable
      if (!reused) socket = await openRoute(world, origin, route, deadline.signal)
      const outgoing = httpRequest({
        agent,
        host: origin.host,
        port: origin.port,
        defaultPort,
        path,
        method: options.method ?? 'GET',
        headers: { ...options.headers, ...(options.body !== undefined && { 'Content-Length': Buffer.byteLength(options.body) }) },
      })
      try {
        return await send(outgoing, options.body, deadline.signal)
      } catch (error) {
        // The server closed the kept connection while the request was on its way: as Go does, a request that changes nothing goes again.
        const safe = options.method === undefined || options.method === 'GET' || options.method === 'HEAD'
        if (!(reused && safe && error instanceof HttpError && error.code === 'ECONNRESET')) throw error
      }
    }
  }

  const close = (): void => {
    socket?.destroy()
    agent.destroy()
  }
  return {
    request(path, options = {}) {
      const result = turn.then(() => exchange(path, options))
      turn = result.catch(() => {})
      return result
    },
    close,
    async [Symbol.asyncDispose]() {
      close()
    },
  }
}

function send(outgoing: ClientRequest, body: string | Uint8Array | undefined, signal: AbortSignal): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
  const onAbort = (): void => {
    outgoing.destroy(signal.reason as Error)
    reject(signal.reason as Error)
  }
  signal.addEventListener('abort', onAbort)
  outgoing.on('error', (error) => reject(new HttpError(codeOf(error) ?? 'ECONNRESET', error.message, { cause: error })))
  outgoing.on('upgrade', (_response, upgraded: Duplex) => {
    upgraded.destroy()
    reject(new HttpError('HPE_INVALID_UPGRADE', 'the server switched protocols unasked'))
  })
  outgoing.on('response', (response: IncomingMessage) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', (error) => reject(new HttpError(codeOf(error) ?? 'ECONNRESET', error.message, { cause: error })))
    response.on('end', () =>
      resolve({
        status: response.statusCode!,
        statusText: response.statusMessage!,
        headers: response.headers,
        rawHeaders: response.rawHeaders,
        body: Buffer.concat(chunks),
      }),
    )
  })
  outgoing.end(body)
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}
