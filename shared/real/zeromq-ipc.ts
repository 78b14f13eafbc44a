import { connect as connectUnix } from 'node:net'
import type * as Zmq from 'zeromq'
import { codeOf, errno } from '../kernel/errors.ts'
import type { Frames, Ipc, Pull, Push, PushOptions } from '../kernel/ipc.ts'
import { socketPath, type SocketPath } from './socket-path.ts'

/** libzmq's own default. */
const DEFAULT_HIGH_WATER_MARK = 1_000
/** As long as libzmq takes: it has no "never" that keeps what was received before the other end went. */
const NEVER_MS = 2 ** 31 - 1

/**
 * Bound sockets of this process that are being closed, by real path. libzmq closes in a thread of its own and takes connections until it
 * comes to it; a socket that its owner has closed must not.
 */
const closing = new Map<string, Promise<void>>()

export interface ZeromqIpcOptions {
  /** Told of everything that opens, so that it can be closed with its process; returns how to forget it. */
  readonly holds?: (resource: { close(): void }) => () => void
}

/**
 * Real ZeroMQ over `ipc://`. `mapPath` gives the real path of a host's path. Errors name the host's path: ENOENT and ECONNREFUSED from
 * connects, ENOENT (no such folder) from binds.
 */
export function zeromqIpc(mapPath: (path: string) => string, options: ZeromqIpcOptions = {}): Ipc {
  const holds = options.holds ?? (() => () => {})
  return {
    bindPush: async (path, push) => {
      const real = mapPath(path)
      return pushEnd(await bind(await newPush(push), path, real, holds))
    },
    bindPull: async (path) => {
      const real = mapPath(path)
      return pullEnd(await bind(await newPull(), path, real, holds))
    },
    connectPush: async (path, push) => {
      const real = mapPath(path)
      await closing.get(real)
      await probe(path, real)
      return pushEnd(await connect(await newPush(push), path, real, holds))
    },
    connectPull: async (path) => {
      const real = mapPath(path)
      await closing.get(real)
      await probe(path, real)
      return pullEnd(await connect(await newPull(), path, real, holds))
    },
  }
}

// The add-on is loaded when it is first needed: most programs never are.
async function newPush(options: PushOptions = {}): Promise<Zmq.Push> {
  const { Push } = await import('zeromq')
  return new Push({ linger: 0, reconnectInterval: NEVER_MS, sendHighWaterMark: options.highWaterMark ?? DEFAULT_HIGH_WATER_MARK })
}

async function newPull(): Promise<Zmq.Pull> {
  const { Pull } = await import('zeromq')
  return new Pull({ linger: 0, reconnectInterval: NEVER_MS, receiveHighWaterMark: DEFAULT_HIGH_WATER_MARK })
}

/** libzmq says nothing when there is no socket file, or nobody behind it; the kernel does. */
async function probe(path: string, real: string): Promise<void> {
  using reachable = socketPath(real)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connectUnix(reachable.path)
  socket.once('connect', () => resolve())
  socket.once('error', (error) => reject(errno(codeOf(error) ?? 'EIO', 'connect', path)))
  try {
    await promise
  } finally {
    socket.destroy()
  }
}

type Holds = (resource: { close(): void }) => () => void

/** An open socket and what is known of its peers. */
interface End<S> {
  readonly socket: S
  readonly peers: () => number
  onPeers(changed: (peers: number) => void): void
  /** Whether the other end of a connected socket has gone. */
  readonly gone: () => boolean
  onGone(gone: () => void): void
  close(): void
  /** Resolves when what `close` began is done. */
  readonly closed: Promise<void>
}

async function bind<S extends Zmq.Push | Zmq.Pull>(socket: S, path: string, real: string, holds: Holds): Promise<End<S>> {
  const at = socketPath(real)
  const end = track(socket, at, holds, real)
  try {
    await socket.bind(`ipc://${at.path}`)
  } catch (error) {
    end.close()
    throw errno(codeOf(error) ?? 'EIO', 'bind', path)
  }
  return end
}

async function connect<S extends Zmq.Push | Zmq.Pull>(socket: S, path: string, real: string, holds: Holds): Promise<End<S>> {
  const at = socketPath(real)
  const { promise: attached, resolve, reject } = Promise.withResolvers<void>()
  attached.catch(() => {}) // Awaited below, unless the socket refuses the path at once.
  socket.events.on('handshake', () => resolve())
  socket.events.on('close', () => reject(errno('ECONNREFUSED', 'connect', path)))
  socket.events.on('disconnect', () => reject(errno('ECONNRESET', 'connect', path)))
  socket.events.on('end', () => reject(errno('ECANCELED', 'connect', path)))
  const end = track(socket, at, holds)
  try {
    socket.connect(`ipc://${at.path}`)
    await attached
  } catch (error) {
    end.close()
    throw error
  }
  return end
}

function track<S extends Zmq.Push | Zmq.Pull>(socket: S, at: SocketPath, holds: Holds, boundTo?: string): End<S> {
  const connected = boundTo === undefined
  const { promise: closed, resolve: isClosed } = Promise.withResolvers<void>()
  socket.events.on('end', () => isClosed())
  let peers = 0
  let strangers = 0
  let gone = false
  let onPeers: ((peers: number) => void) | undefined
  let onGone: (() => void) | undefined
  const set = (count: number): void => {
    peers = count
    if (connected && count === 0) {
      gone = true
      onGone?.()
    }
    onPeers?.(count)
  }
  const close = (): void => {
    if (socket.closed) return
    forget()
    socket.close()
    if (boundTo !== undefined) {
      closing.set(boundTo, closed)
      void closed.then(() => closing.get(boundTo) === closed && closing.delete(boundTo))
    }
    at[Symbol.dispose]()
    if (peers === 0) return
    peers = 0
    onPeers?.(0)
  }
  const forget = holds({ close })
  // Whoever connects without speaking ZeroMQ (a probe) fails its handshake and then disconnects; it never was a peer.
  const stranger = (): void => void strangers++
  socket.events.on('handshake:error:protocol', stranger)
  socket.events.on('handshake:error:auth', stranger)
  socket.events.on('handshake:error:other', stranger)
  socket.events.on('handshake', () => set(peers + 1))
  socket.events.on('disconnect', () => {
    if (strangers > 0) strangers--
    else if (peers > 0) set(peers - 1)
  })
  return {
    socket,
    close,
    closed,
    peers: () => peers,
    onPeers: (changed) => void (onPeers = changed),
    gone: () => gone,
    onGone: (told) => void (onGone = told),
  }
}

function pushEnd(end: End<Zmq.Push>): Push {
  // Closing makes a send that waits for room give up.
  end.onGone(() => end.close())
  const send = async (message: Buffer[]): Promise<void> => {
    try {
      if (end.socket.closed) throw errno('EPIPE', 'send')
      await end.socket.send(message)
    } catch (error) {
      throw end.socket.closed ? errno('EPIPE', 'send') : error
    }
  }
  // A ZeroMQ socket takes one waiting send; the others wait here, in order.
  let last: Promise<void> = Promise.resolve()
  return {
    get peers() {
      return end.peers()
    },
    onPeers: (changed) => end.onPeers(changed),
    send: (frames) => {
      const message = frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : Buffer.from(frame)))
      const sent = last.then(() => send(message))
      last = sent.catch(() => {}) // Its sender is told; the next one only waits for its turn.
      return sent
    },
    [Symbol.asyncDispose]: () => {
      end.close()
      return end.closed
    },
  }
}

function pullEnd(end: End<Zmq.Pull>): Pull {
  let receiving = false
  end.onGone(() => {
    // What had arrived before is still to be taken, without waiting for more. A receive that waits now, and still does when the kernel's
    // news of this moment are all in, waits for nothing.
    end.socket.receiveTimeout = 0
    setImmediate(() => {
      if (receiving) end.close()
    })
  })
  const receive = async (): Promise<Frames | undefined> => {
    if (end.socket.closed) return undefined
    receiving = true
    try {
      return await end.socket.receive()
    } catch (error) {
      if (end.socket.closed || end.gone()) return undefined
      throw error
    } finally {
      receiving = false
    }
  }
  return {
    get peers() {
      return end.peers()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const frames = await receive()
        if (frames === undefined) {
          end.close()
          return
        }
        yield frames
      }
    },
    [Symbol.asyncDispose]: () => {
      end.close()
      return end.closed
    },
  }
}
