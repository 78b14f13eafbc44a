import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import type { World } from '../../kernel/world.ts'
import { startDeadline } from '../deadline.ts'
import { openRoute, originOf } from '../http/route.ts'
import type { RouteOptions } from '../http/route.ts'
import { WEBSOCKET_OPTIONS } from './options.ts'

/** The server did not answer the upgrade with a right 101. */
export class WebSocketHandshakeError extends Error {
  readonly code = 'EHANDSHAKE'
  /** The HTTP status; undefined when a 101 was wrong or the connection ended. */
  readonly status: number | undefined
  constructor(status: number | undefined, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WebSocketHandshakeError'
    this.status = status
  }
}

export interface OpenWebSocketOptions extends RouteOptions {
  /** `wss://` or `ws://`. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Ends the attempt (not the open socket). */
  readonly signal?: AbortSignal
  /** Limit for the server's answer to the upgrade, in lab time, once the connection is there. */
  readonly upgradeTimeoutMs?: number
}

/**
 * Opens a WebSocket. Rejects with `DnsError`, `DialError`, `TlsError`, `ProxyError`, `ProxyProtocolError`, `WebSocketHandshakeError`,
 * `DeadlineError`, or the signal's reason. The socket has an error listener already: a bad frame or a reset ends it with `close` (1006), as every end does.
 */
export async function openWebSocket(world: World, options: OpenWebSocketOptions): Promise<WebSocket> {
  const { signal } = options
  const stream = await openRoute(world, originOf(new URL(options.url)), options, signal)
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
  const socket = new WebSocket(options.url, {
    ...WEBSOCKET_OPTIONS,
    ...(options.headers && { headers: { ...options.headers } }),
    createConnection: () => stream as never,
  })
  using deadline = startDeadline(world.clock, options.upgradeTimeoutMs, signal)
  const onAbort = (): void => {
    reject(deadline.signal.reason as Error)
    socket.terminate()
  }
  socket.on('error', (error) => reject(new WebSocketHandshakeError(undefined, error.message, { cause: error })))
  socket.on('unexpected-response', (_request, response: IncomingMessage) => {
    reject(new WebSocketHandshakeError(response.statusCode, `the server answered ${response.statusCode} ${response.statusMessage}`))
    socket.terminate()
  })
  socket.on('open', () => resolve(socket))
  deadline.signal.addEventListener('abort', onAbort)
  try {
    if (deadline.signal.aborted) onAbort()
    return await promise
  } finally {
    deadline.signal.removeEventListener('abort', onAbort)
  }
}
