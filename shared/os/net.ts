import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../kernel/clock.ts'
import { codeOf, errno } from '../kernel/errors.ts'
import { parseIp } from '../kernel/ip.ts'
import type { Log } from '../kernel/log.ts'
import type { Conn, Endpoint, Listener, Net, NetInterface, SocketRow } from '../kernel/net.ts'
import type { Addressing } from './address-map.ts'
import { kernelForwarding, noForwarding } from './forwarding.ts'
import type { Holdings } from './holdings.ts'
import { ping } from './ping.ts'
import { openUdp } from './udp.ts'

/** When Linux gives up on an unanswered SYN (tcp_syn_retries = 6): 1 + 2 + 4 + … + 64 s, here of lab time. Source: (public) tcp(7). */
const SYN_GIVE_UP_MS = 127_000

export interface OsNetOptions {
  readonly clock: Clock
  readonly log: Log
  readonly addressing: Addressing
  readonly interfaces: readonly NetInterface[]
  readonly holdings: Holdings
  readonly sockets: () => Promise<readonly SocketRow[]>
  readonly speed: number
  /** See `OsWorldOptions`. */
  readonly ownsNetwork: boolean
}

/** The kernel's IP stack as a host's. */
export function osNet(options: OsNetOptions): Net {
  return {
    interfaces: () => options.interfaces,
    dial: (to, signal) => dial(options, to, signal),
    listen: (at, accept) => listen(options, at, accept),
    udp: (at) => openUdp(options, at ?? {}),
    ping: (to, timeoutMs) => ping(options, to, timeoutMs),
    sockets: options.sockets,
    ...(options.ownsNetwork
      ? kernelForwarding({ interfaces: [...new Set(options.interfaces.map(({ name }) => name))], speed: options.speed })
      : noForwarding()),
  }
}

async function dial({ clock, addressing, holdings }: OsNetOptions, to: Endpoint, signal?: AbortSignal): Promise<Conn> {
  signal?.throwIfAborted()
  const subject = `${to.address}:${to.port}`
  if (parseIp(to.address) === undefined) throw errno('EINVAL', 'connect', subject)
  const target = addressing.target(to)
  if (target === 'closed') throw errno('ECONNREFUSED', 'connect', subject)
  const localAddress = addressing.source(to.address)
  const { promise, resolve, reject } = Promise.withResolvers<Conn>()
  const socket =
    target === 'nobody'
      ? undefined
      : connect({
          host: target.address,
          port: target.port,
          allowHalfOpen: true,
          noDelay: true,
          autoSelectFamily: false,
          ...(localAddress === undefined ? {} : { localAddress }),
        })
  const giveUp = (reason: Error): void => {
    socket?.destroy()
    reject(reason)
  }
  const aborted = (): void => giveUp(signal!.reason as Error)
  const failed = (error: Error): void => reject(errno(codeOf(error) ?? 'EIO', 'connect', subject))
  signal?.addEventListener('abort', aborted, { once: true })
  using _ = clock.after(SYN_GIVE_UP_MS, () => giveUp(errno('ETIMEDOUT', 'connect', subject)))
  socket?.once('error', failed)
  socket?.once('connect', () => {
    socket.off('error', failed)
    hold(holdings, inLabTerms(socket, addressing, to))
    resolve(socket)
  })
  try {
    return await promise
  } finally {
    signal?.removeEventListener('abort', aborted)
  }
}

async function listen(
  { addressing, holdings, log }: OsNetOptions,
  at: { readonly address?: string; readonly port: number },
  accept: (conn: Conn) => void,
): Promise<Listener> {
  const subject = `${at.address ?? '0.0.0.0'}:${at.port}`
  const conns = new Set<Socket>()
  const servers: Server[] = []
  let port = at.port
  const close = async (): Promise<void> => {
    forget()
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const conn of conns) conn.destroy()
    await Promise.all(closed)
  }
  const forget = holdings.add({ close })
  try {
    for (const bind of addressing.binds(at)) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        conns.add(socket)
        socket.once('close', () => conns.delete(socket))
        // A server that forgets an error handler must not end the process.
        socket.on('error', () => {})
        accept(inLabTerms(socket, addressing))
      })
      await bound(server, bind)
      servers.push(server)
      server.on('error', (error) => log.error('listener failed', { at: subject, error: error.message }))
      port ||= (server.address() as { port: number }).port
    }
  } catch (error) {
    await close()
    const code = codeOf(error)
    throw code === undefined || code.startsWith('LAB_') ? error : errno(code, 'listen', subject)
  }
  return { at: { address: at.address ?? '0.0.0.0', port }, [Symbol.asyncDispose]: close }
}

function bound(server: Server, at: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: at.address, port: at.port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Closed with its process, as a kernel would. */
function hold(holdings: Holdings, socket: Socket): void {
  const forget = holdings.add({ close: () => void socket.destroy() })
  socket.once('close', forget)
}

/** Gives a socket the addresses that the host knows. They are read now: a closed socket has none. */
function inLabTerms(socket: Socket, addressing: Addressing, dialled?: Endpoint): Socket {
  const local = addressing.seen({ address: socket.localAddress ?? '', port: socket.localPort ?? 0 })
  const remote = dialled ?? addressing.seen({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 })
  return Object.defineProperties(socket, {
    localAddress: { value: local.address },
    localPort: { value: local.port },
    remoteAddress: { value: remote.address },
    remotePort: { value: remote.port },
  })
}
