import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Conn, Ip, Listener } from '../../kernel/net.ts'
import type { World } from '../../kernel/world.ts'
import { acceptTls } from '../tls/server.ts'
import type { TlsServerOptions } from '../tls/server.ts'

export interface HttpService extends Listener {
  /** For `upgrade` listeners. It never listens by itself. */
  readonly server: Server
}

export interface ServeHttpOptions {
  readonly port: number
  readonly address?: Ip
  /** A plain Fastify instance (without `https`), which becomes the service's own, or a request listener. */
  readonly handler: RequestListener | FastifyInstance
  /** Serve HTTPS, by the host's clock. */
  readonly tls?: Omit<TlsServerOptions, 'clock'>
}

/**
 * Serves HTTP on a port of this host until disposed, which ends its connections (and closes a Fastify instance). The `Date` header comes
 * first and is lab time; no real timer acts. Rejects as `world.net.listen` does, e.g. with EADDRINUSE.
 */
export async function serveHttp(world: World, options: ServeHttpOptions): Promise<HttpService> {
  const { handler, tls, address, port } = options
  const app = typeof handler === 'function' ? undefined : handler
  await app?.ready()
  const server = typeof handler === 'function' ? createServer(handler) : handler.server
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.keepAliveTimeout = 0
  server.timeout = 0
  server.prependListener('request', (_request, response) => {
    response.sendDate = false
    response.setHeader('Date', new Date(world.clock.now()).toUTCString())
  })
  const take = (conn: Conn): void => {
    server.emit('connection', conn)
  }
  const accept = tls ? acceptTls({ clock: world.clock, ...tls }, (socket) => server.emit('connection', socket)) : take
  let listener: Listener
  try {
    listener = await world.net.listen({ port, ...(address !== undefined && { address }) }, accept)
  } catch (error) {
    await app?.close()
    throw error
  }
  return {
    at: listener.at,
    server,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      await app?.close()
    },
  }
}
