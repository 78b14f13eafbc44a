import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Listener } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { acceptTls, CLOUD_TLS } from '../../shared/wire/tls/server.ts'
import type { Certificates } from './certificates.ts'
import { peekHello, serverNameIn } from './client-hello.ts'
import type { HeaderVariant, SseConfig } from './config.ts'
import { headersOf, KEEP_ALIVE_MS } from './headers.ts'
import { createIdleReaper } from './idle.ts'
import type { Outages, StoredOutage } from './outages.ts'

const HTTPS_PORT = 443
/** nginx's default for a request's head and its body. */
const REQUEST_MS = 60_000

export interface FrontOptions {
  readonly config: SseConfig
  readonly certificates: Certificates
  readonly outages: Outages
  /** The outage that decides what becomes of a request, if there is one. */
  readonly outageOf: (request: IncomingMessage) => StoredOutage | undefined
  /** Whether connections for this server name are reset. */
  readonly resets: (servername: string | undefined) => boolean
  /** Answers a request in the place of `handle`. */
  readonly answerOutage: (response: ServerResponse, status: number, retryAfterSeconds: number | undefined) => void
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Whether a request with an Upgrade header becomes a WebSocket; else it is handled as any other. */
  readonly mayUpgrade: (request: IncomingMessage) => boolean
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/**
 * HTTPS on 443 of all addresses: TLS 1.2, a certificate a name, the optional client certificate of the April 2020 variant (seed A), keep-alive of 5 s.
 * Rejects with EADDRINUSE as `world.net.listen` does.
 */
export async function serveFront(world: World, options: FrontOptions): Promise<Listener> {
  const { config, certificates, outages } = options
  const { clock, log } = world
  const busy = createIdleReaper<Duplex>(clock, REQUEST_MS, (socket) => socket.destroy())
  const idle = createIdleReaper<Socket>(clock, KEEP_ALIVE_MS, (socket) => socket.destroySoon())

  const server = createServer(
    { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, shouldUpgradeCallback: options.mayUpgrade },
    (request, response) => {
      idle.remove(request.socket)
      busy.add(request.socket)
      response.once('close', () => {
        busy.remove(request.socket)
        if (response.shouldKeepAlive && !request.socket.destroyed) idle.add(request.socket)
      })
      const outage = options.outageOf(request)
      if (outage === undefined) options.handle(request, response)
      else suffer(outage, request, response)
    },
  )
  server.on('clientError', (error, socket) => {
    log.debug('not HTTP', { error: error.message })
    if (!socket.writable) return void socket.destroy()
    socket.write(badRequest(config.variant, clock.now()))
    ;(socket as Socket).destroySoon()
  })
  server.on('upgrade', (request, socket, head) => {
    idle.remove(request.socket)
    busy.remove(request.socket)
    options.upgrade(request, socket, head)
  })

  function suffer(outage: StoredOutage, request: IncomingMessage, response: ServerResponse): void {
    const { answer } = outage
    if (answer === 'silence') {
      busy.remove(request.socket)
      outages.keepWaiting(outage, request.socket)
    } else if (answer === 'reset') {
      // The connection is older than the outage. TLS hides the socket below it, so that this one ends without a reset.
      request.socket.destroy()
    } else {
      options.answerOutage(response, answer.status, answer.retryAfterSeconds)
    }
  }

  const tls = {
    ...CLOUD_TLS,
    clock,
    requestCert: config.variant === 'april-2020',
    identity: (servername: string | undefined) => certificates.identityOf(servername),
    onError: (error: Error) => log.debug('a handshake failed', { error: error.message }),
  }
  const secured = acceptTls(tls, (socket) => {
    busy.add(socket)
    socket.once('close', () => {
      busy.remove(socket)
      idle.remove(socket)
    })
    server.emit('connection', socket)
  })
  const listener = await world.net.listen({ port: HTTPS_PORT }, (conn) => {
    if (!outages.entries.items.some(({ answer }) => answer === 'reset')) return secured(conn)
    peekHello(conn, clock, (hello) => {
      if (options.resets(serverNameIn(hello))) conn.resetAndDestroy()
      else secured(conn)
    })
  })
  return {
    at: listener.at,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      busy[Symbol.dispose]()
      idle[Symbol.dispose]()
    },
  }
}

/** What nginx says to what is not HTTP; its page is invented. */
function badRequest(variant: HeaderVariant, now: number): string {
  const body = 'Bad Request'
  const pairs = headersOf({ variant, now, contentType: 'text/plain; charset=utf-8', contentLength: body.length, keepAlive: false })
  const lines = pairs.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${pairs[index + 1]!}`] : []))
  return ['HTTP/1.1 400 Bad Request', ...lines, '', body].join('\r\n')
}
