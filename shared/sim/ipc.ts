import { errno } from '../kernel/errors.ts'
import type { Frames, Ipc, Pull, Push } from '../kernel/ipc.ts'
import type { SimHost } from './host.ts'
import type { SimProcess } from './process.ts'

const DEFAULT_HIGH_WATER_MARK = 1_000

/** One end's socket as `netstat` sees it. */
export interface SimUnixSocket {
  readonly owner: SimProcess
  readonly state: 'LISTENING' | 'CONNECTED'
  /** The binding side's sockets show the path; the connecting side's have none. */
  readonly path: string | undefined
  readonly fd: number
  readonly inode: number
}

/** A connection between two ends: what one pushes waits here until the other pulls. */
interface Link {
  readonly queue: Frames[]
  readonly limit: number
  alive: boolean
  readonly rows: readonly SimUnixSocket[]
}

/** An end of a ZeroMQ socket: bound or connected, pushing or pulling. */
class Socket {
  readonly kind: 'push' | 'pull'
  readonly bound: boolean
  readonly limit: number
  readonly owner: SimProcess
  readonly links: Link[] = []
  readonly others = new Map<Link, Socket>()
  #turn = 0
  #open = true
  #wake: (() => void)[] = []
  #onPeers: ((peers: number) => void) | undefined
  onClose: (() => void) | undefined

  constructor(kind: 'push' | 'pull', bound: boolean, limit: number, owner: SimProcess) {
    this.kind = kind
    this.bound = bound
    this.limit = limit
    this.owner = owner
  }

  get open(): boolean {
    return this.#open
  }

  onPeers(changed: (peers: number) => void): void {
    this.#onPeers = changed
  }

  attach(link: Link, other: Socket): void {
    this.links.push(link)
    this.others.set(link, other)
    this.notify()
    this.#onPeers?.(this.links.length)
  }

  detach(link: Link): void {
    const index = this.links.indexOf(link)
    if (index < 0) return
    this.links.splice(index, 1)
    this.others.delete(link)
    this.notify()
    this.#onPeers?.(this.links.length)
  }

  /** Wakes whoever waits for room, for a message or for a peer. */
  notify(): void {
    this.owner.host.sim.clock.touch()
    for (const wake of this.#wake.splice(0)) wake()
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  /** The next link, taking turns, that `fits`. */
  next(fits: (link: Link) => boolean): Link | undefined {
    for (let i = 0; i < this.links.length; i++) {
      const link = this.links[(this.#turn + i) % this.links.length]!
      if (!fits(link)) continue
      this.#turn = (this.#turn + i + 1) % this.links.length
      return link
    }
    return undefined
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    for (const link of [...this.links]) {
      const other = this.others.get(link)!
      this.detach(link)
      link.alive = false
      this.owner.host.hideUnix(link.rows)
      // What a pusher has queued still reaches a puller that lives; what nobody can pull any more is gone.
      if (this.kind === 'push' && link.queue.length > 0) other.notify()
      else other.detach(link)
    }
    this.onClose?.()
    this.notify()
  }
}

/** One process's view of its host's ZeroMQ sockets. */
export function ipcView(host: SimHost, self: SimProcess): Ipc {
  return {
    bindPush: async (path, options) => pushOf(await bind(host, self, path, 'push', options?.highWaterMark)),
    bindPull: async (path) => pullOf(await bind(host, self, path, 'pull')),
    connectPush: async (path, options) => pushOf(await connect(host, self, path, 'push', options?.highWaterMark)),
    connectPull: async (path) => pullOf(await connect(host, self, path, 'pull')),
  }
}

async function bind(
  host: SimHost,
  self: SimProcess,
  path: string,
  kind: 'push' | 'pull',
  limit = DEFAULT_HIGH_WATER_MARK,
): Promise<Socket> {
  await self.whileAlive(Promise.resolve())
  const socket = new Socket(kind, true, limit, self)
  host.bindUnix(path, socket, { owner: self, state: 'LISTENING', path, fd: self.takeFd(), inode: host.nextInode() })
  const close = () => socket.close()
  const forget = self.holds({ close })
  socket.onClose = () => {
    forget()
    host.unbindUnix(path, socket)
  }
  return socket
}

async function connect(
  host: SimHost,
  self: SimProcess,
  path: string,
  kind: 'push' | 'pull',
  limit = DEFAULT_HIGH_WATER_MARK,
): Promise<Socket> {
  await self.whileAlive(Promise.resolve())
  const other = host.unixAt(path)
  if (other === 'ENOENT' || other === 'ECONNREFUSED') throw errno(other, 'connect', path)
  if (other.kind === kind) throw errno('EPROTOTYPE', 'connect', path)
  const socket = new Socket(kind, false, limit, self)
  const row = (owner: SimProcess, shown: string | undefined): SimUnixSocket => ({
    owner,
    state: 'CONNECTED',
    path: shown,
    fd: owner.takeFd(),
    inode: host.nextInode(),
  })
  const link: Link = {
    queue: [],
    limit: kind === 'push' ? limit : other.limit,
    alive: true,
    rows: [row(other.owner, path), row(self, undefined)],
  }
  host.showUnix(link.rows)
  const close = () => {
    forget()
    socket.close()
  }
  const forget = self.holds({ close })
  socket.onClose = forget
  socket.attach(link, other)
  other.attach(link, socket)
  return socket
}

function pushOf(socket: Socket): Push {
  return {
    get peers() {
      return socket.links.length
    },
    onPeers: (changed) => socket.onPeers(changed),
    send: async (frames) => {
      const copy = frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : Buffer.from(frame)))
      for (;;) {
        if (!socket.open) throw errno('EPIPE', 'send')
        const link = socket.next((l) => l.queue.length < l.limit)
        if (link !== undefined) {
          link.queue.push(copy)
          socket.others.get(link)!.notify()
          return
        }
        if (!socket.bound && socket.links.length === 0) throw errno('EPIPE', 'send')
        await socket.changed()
      }
    },
    [Symbol.asyncDispose]: async () => socket.close(),
  }
}

function pullOf(socket: Socket): Pull {
  return {
    get peers() {
      return socket.links.length
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const link = socket.next((l) => l.queue.length > 0)
        if (link !== undefined) {
          const frames = link.queue.shift()!
          if (!link.alive && link.queue.length === 0) socket.detach(link)
          else socket.others.get(link)?.notify()
          yield frames
          continue
        }
        if (!socket.open || (!socket.bound && socket.links.length === 0)) return
        await socket.changed()
      }
    },
    [Symbol.asyncDispose]: async () => socket.close(),
  }
}

export type { Socket as SimIpcSocket, Link as SimIpcLink }
