import { errno } from '../kernel/errors.ts'
import { parseIp } from '../kernel/ip.ts'
import type { Conn, Endpoint, Listener, Net, SocketRow, UdpSocket } from '../kernel/net.ts'
import { SimConn } from './conn.ts'
import type { SimHost } from './host.ts'
import type { SimProcess } from './process.ts'
import { compileForwarding } from './route.ts'

/** When a SYN is sent again, and when Linux gives up (tcp_syn_retries = 6): 1 + 2 + 4 + … + 64 = 127 s. */
const SYN_INTERVALS_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]
/** Unanswered ARP requests end after about 3 s. */
const NO_NEIGHBOUR_MS = 3_060
const UDP_QUEUE = 1_000

export interface SimListener {
  readonly owner: SimProcess
  readonly at: Endpoint
  readonly fd: number
  readonly inode: number
  accept(conn: Conn): void
}

export interface SimUdp {
  readonly owner: SimProcess
  readonly at: Endpoint
  readonly fd: number
  readonly inode: number
  receive(data: Buffer, from: Endpoint): void
  refused(to: Endpoint): void
}

/** A connection that waits for its SYN to be answered. */
export interface Dialling {
  readonly owner: SimProcess
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly fd: number
  readonly inode: number
}

/** One process's view of its host's IP stack. */
export function netView(host: SimHost, self: SimProcess): Net {
  return {
    interfaces: () => host.interfaces,
    dial: (to, signal) => self.whileAlive(dial(host, self, to, signal)),
    listen: (at, accept) => self.whileAlive(listen(host, self, at, accept)),
    udp: (at) => self.whileAlive(openUdp(host, self, at ?? {})),
    ping: (to, timeoutMs) => self.whileAlive(ping(host, self, to, timeoutMs)),
    sockets: async () => socketRows(host),
    forward: async (forwarding) => {
      host.forwarding = compileForwarding(forwarding)
      host.sim.networkChanged()
    },
    shaping: async () => ({ delay: { able: true }, loss: { able: true } }),
  }
}

async function dial(host: SimHost, self: SimProcess, to: Endpoint, signal: AbortSignal | undefined): Promise<Conn> {
  signal?.throwIfAborted()
  const { sim } = host
  const subject = `${to.address}:${to.port}`
  if (parseIp(to.address) === undefined) throw errno('EINVAL', 'connect', subject)
  const source = host.sourceFor(to.address)
  const local = { address: source ?? '0.0.0.0', port: host.ephemeralPort() }
  const { promise, resolve, reject } = Promise.withResolvers<Conn>()
  const attempt: Dialling = { owner: self, local, remote: to, fd: self.takeFd(), inode: host.nextInode() }
  let timer: Disposable | undefined
  const finish = () => {
    timer?.[Symbol.dispose]()
    forget()
    host.dialling.delete(attempt)
    self.releaseFd(attempt.fd)
    signal?.removeEventListener('abort', aborted)
    sim.clock.touch()
  }
  const fail = (code: string) => {
    finish()
    sim.trace(`dial ${host.name} ${subject} ${code}`)
    reject(errno(code, 'connect', subject))
  }
  const aborted = () => {
    finish()
    reject(signal!.reason as Error)
  }
  const synSent = (attempts: number): void => {
    const fate = sim.fate(host, { protocol: 'tcp', from: local.address, to: to.address, port: to.port, fromPort: local.port })
    if (fate.kind === 'no-route') return fail('ENETUNREACH')
    if (fate.kind === 'rejected') return fail('ECONNREFUSED')
    if (fate.kind === 'no-neighbour') {
      timer = sim.clock.after(NO_NEIGHBOUR_MS, () => fail('EHOSTUNREACH'), self)
      return
    }
    if (fate.kind === 'delivered') {
      const answer = sim.fate(fate.host, { protocol: 'tcp', from: to.address, to: local.address, port: local.port, fromPort: to.port })
      if (answer.kind === 'delivered') {
        const answered = () => {
          const listener = fate.host.listenerAt(to)
          if (listener === undefined) return fail('ECONNREFUSED')
          finish()
          sim.trace(`dial ${host.name} ${subject} ok`)
          resolve(establish({ host, self, listener, local, to, seenFrom: fate.seenFrom, delayMs: fate.delayMs }))
        }
        const roundTripMs = fate.delayMs + answer.delayMs
        if (roundTripMs === 0) return answered()
        timer = sim.clock.after(roundTripMs, answered, self)
        return
      }
    }
    const nextMs = SYN_INTERVALS_MS[attempts]
    if (nextMs === undefined) return fail('ETIMEDOUT')
    timer = sim.clock.after(nextMs, () => synSent(attempts + 1), self)
  }
  const forget = self.holds({ close: () => finish() })
  signal?.addEventListener('abort', aborted, { once: true })
  host.dialling.add(attempt)
  sim.clock.touch()
  // The answer comes after the code that runs now, as from a real network.
  process.nextTick(() => {
    if (host.dialling.has(attempt)) synSent(0)
  })
  return promise
}

/** `delayMs`: how long packets to the listener are on their way, also the one that tells it of the connection. */
function establish(dialled: {
  readonly host: SimHost
  readonly self: SimProcess
  readonly listener: SimListener
  readonly local: Endpoint
  readonly to: Endpoint
  readonly seenFrom: string
  readonly delayMs: number
}): SimConn {
  const { host, self, listener, local, to, seenFrom, delayMs } = dialled
  const { sim } = host
  const path = (conn: SimConn) => sim.judge(conn)
  const ended = () => sim.clock.touch()
  const near = new SimConn({ owner: self, local, remote: to, destination: to, clock: sim.clock, path, ended })
  const far = new SimConn({
    owner: listener.owner,
    local: to,
    remote: { address: seenFrom, port: local.port },
    destination: local,
    clock: sim.clock,
    path,
    ended,
  })
  near.peer = far
  far.peer = near
  self.holdConn(near)
  listener.owner.holdConn(far)
  const accept = () => {
    sim.clock.touch()
    if (!listener.owner.alive) return void far.destroy()
    // A server that forgets an error handler must not end the lab.
    far.on('error', () => {})
    listener.accept(far)
  }
  if (delayMs === 0) process.nextTick(accept)
  else sim.clock.after(delayMs, accept)
  return near
}

async function listen(
  host: SimHost,
  self: SimProcess,
  at: { readonly address?: string; readonly port: number },
  accept: (conn: Conn) => void,
): Promise<Listener> {
  const address = at.address ?? '0.0.0.0'
  if (address !== '0.0.0.0' && !host.ownsAddress(address)) throw errno('EADDRNOTAVAIL', 'listen', `${address}:${at.port}`)
  const port = at.port === 0 ? host.ephemeralPort() : at.port
  if (host.listeners.some((l) => l.at.port === port && (l.at.address === address || l.at.address === '0.0.0.0' || address === '0.0.0.0')))
    throw errno('EADDRINUSE', 'listen', `${address}:${port}`)
  const accepted = new Set<SimConn>()
  const listener: SimListener = {
    owner: self,
    at: { address, port },
    fd: self.takeFd(),
    inode: host.nextInode(),
    accept: (conn) => {
      accepted.add(conn as SimConn)
      conn.once('close', () => accepted.delete(conn as SimConn))
      accept(conn)
    },
  }
  host.listeners.push(listener)
  host.sim.clock.touch()
  const close = () => {
    const index = host.listeners.indexOf(listener)
    if (index < 0) return
    host.listeners.splice(index, 1)
    self.releaseFd(listener.fd)
    forget()
    for (const conn of accepted) conn.destroy()
  }
  const forget = self.holds({ close })
  return { at: listener.at, [Symbol.asyncDispose]: async () => close() }
}

async function openUdp(host: SimHost, self: SimProcess, at: { readonly address?: string; readonly port?: number }): Promise<UdpSocket> {
  const { sim } = host
  const address = at.address ?? '0.0.0.0'
  if (address !== '0.0.0.0' && !host.ownsAddress(address)) throw errno('EADDRNOTAVAIL', 'bind', `${address}:${at.port ?? 0}`)
  const port = at.port === undefined || at.port === 0 ? host.ephemeralPort() : at.port
  if (host.udpSockets.some((s) => s.at.port === port && (s.at.address === address || s.at.address === '0.0.0.0' || address === '0.0.0.0')))
    throw errno('EADDRINUSE', 'bind', `${address}:${port}`)
  let onMessage: ((data: Buffer, from: Endpoint) => void) | undefined
  let onError: ((error: NodeJS.ErrnoException) => void) | undefined
  let waiting = 0
  const later = (deliver: () => void) => {
    if (waiting >= UDP_QUEUE) return // A full socket buffer drops datagrams, as a kernel's does.
    waiting++
    sim.clock.touch()
    process.nextTick(() => {
      waiting--
      sim.clock.touch()
      if (host.udpSockets.includes(socket)) deliver()
    })
  }
  const socket: SimUdp = {
    owner: self,
    at: { address, port },
    fd: self.takeFd(),
    inode: host.nextInode(),
    receive: (data, from) => later(() => onMessage?.(data, from)),
    refused: (to) => later(() => onError?.(errno('ECONNREFUSED', 'recvmsg', `${to.address}:${to.port}`))),
  }
  host.udpSockets.push(socket)
  const close = () => {
    const index = host.udpSockets.indexOf(socket)
    if (index < 0) return
    host.udpSockets.splice(index, 1)
    self.releaseFd(socket.fd)
    forget()
  }
  const forget = self.holds({ close })
  return {
    at: socket.at,
    onMessage: (receive) => void (onMessage = receive),
    onError: (receive) => void (onError = receive),
    send: (data, to) => {
      if (!self.alive) return
      const from = address === '0.0.0.0' ? (host.sourceFor(to.address) ?? '0.0.0.0') : address
      const fate = sim.fate(host, { protocol: 'udp', from, to: to.address, port: to.port, fromPort: port })
      if (fate.kind !== 'delivered') return
      const copy = Buffer.from(data)
      const arrive = () => {
        const target = fate.host.udpSockets.find(
          (s) => s.at.port === to.port && (s.at.address === '0.0.0.0' || s.at.address === to.address),
        )
        if (target === undefined) socket.refused(to)
        else target.receive(copy, { address: fate.seenFrom, port })
      }
      if (fate.delayMs === 0) arrive()
      else sim.clock.after(fate.delayMs, arrive)
    },
    [Symbol.asyncDispose]: async () => close(),
  }
}

async function ping(host: SimHost, self: SimProcess, to: string, timeoutMs: number): Promise<{ rttMs: number; ttl: number }> {
  const { sim } = host
  const from = host.sourceFor(to)
  if (from === undefined) throw errno('ENETUNREACH', 'ping', to)
  const fate = sim.fate(host, { protocol: 'icmp', from, to })
  const { promise, resolve, reject } = Promise.withResolvers<{ rttMs: number; ttl: number }>()
  const failAfter = (delayMs: number, code: string) => sim.clock.after(delayMs, () => reject(errno(code, 'ping', to)), self)
  const answer = fate.kind === 'delivered' ? sim.fate(fate.host, { protocol: 'icmp', from: to, to: from }) : undefined
  if (fate.kind === 'no-route') reject(errno('ENETUNREACH', 'ping', to))
  else if (fate.kind === 'no-neighbour')
    failAfter(Math.min(timeoutMs, NO_NEIGHBOUR_MS), timeoutMs < NO_NEIGHBOUR_MS ? 'ETIMEDOUT' : 'EHOSTUNREACH')
  else if (fate.kind !== 'delivered' || answer?.kind !== 'delivered') failAfter(timeoutMs, 'ETIMEDOUT')
  else {
    // Round trips of a good way take time only for ICMP, which shows it: a fraction of a millisecond in the same network, some more through a router.
    const goodMs = fate.hops === 0 ? 0.2 + 0.4 * host.random.next() : 8 + 6 * host.random.next()
    const rttMs = goodMs + fate.delayMs + answer.delayMs
    if (rttMs > timeoutMs) failAfter(timeoutMs, 'ETIMEDOUT')
    else sim.clock.after(Math.ceil(rttMs), () => resolve({ rttMs, ttl: 64 - fate.hops }), self)
  }
  return promise
}

function socketRows(host: SimHost): SocketRow[] {
  const owned = (entry: { owner: SimProcess; fd: number; inode: number }) => ({
    pid: entry.owner.pid,
    command: entry.owner.command,
    user: entry.owner.user,
    fd: entry.fd,
    inode: entry.inode,
  })
  const rows: SocketRow[] = []
  for (const listener of host.listeners) rows.push({ ...owned(listener), protocol: 'tcp', state: 'LISTEN', local: listener.at })
  for (const attempt of host.dialling)
    rows.push({ ...owned(attempt), protocol: 'tcp', state: 'SYN_SENT', local: attempt.local, remote: attempt.remote })
  for (const process of host.processes.values())
    for (const conn of process.conns())
      rows.push({ ...owned(conn), protocol: 'tcp', state: conn.state, local: conn.local, remote: conn.remote })
  for (const socket of host.udpSockets) rows.push({ ...owned(socket), protocol: 'udp', local: socket.at })
  for (const unix of host.unixSockets())
    rows.push({ ...owned(unix), protocol: 'unix', state: unix.state, ...(unix.path === undefined ? {} : { path: unix.path }) })
  return rows
}
