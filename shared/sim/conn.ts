import { Duplex } from 'node:stream'
import { errno } from '../kernel/errors.ts'
import type { Endpoint, TcpState } from '../kernel/net.ts'
import type { SimClock } from './clock.ts'
import type { SimProcess } from './process.ts'

/** Retransmission as Linux does it: from 200 ms, doubling up to 120 s, given up after 15 tries (about 15 minutes). */
const FIRST_RETRANSMIT_MS = 200
const LONGEST_RETRANSMIT_MS = 120_000
const RETRANSMISSIONS = 15

type Segment = { readonly data: Buffer; readonly sent: (error?: Error | null) => void } | 'fin'

/** Asks whether a segment from this end gets through now. */
export type Path = (conn: SimConn) => boolean

/**
 * One end of a TCP connection in memory. What is written reaches the other end as soon as the path lets it; while the path drops it, it is
 * sent again at growing intervals, so that a cut which heals in time is only a delay and one that does not ends in ETIMEDOUT.
 */
export class SimConn extends Duplex {
  readonly owner: SimProcess
  readonly fd: number
  readonly inode: number
  readonly local: Endpoint
  remote: Endpoint
  /** The remote endpoint as packets to it must be addressed (differs from `remote` where an address was translated on the way). */
  readonly destination: Endpoint
  peer: SimConn | undefined
  /** What the network said last of segments from this end, and at which state of the network. */
  judged = { epoch: -1, passes: false }
  readonly #clock: SimClock
  readonly #path: Path
  readonly #ended: (conn: SimConn) => void
  #outgoing: Segment[] = []
  #flushing = false
  #retransmissions = 0
  #retransmit: Disposable | undefined
  #wanted = true
  #finSent = false
  #finReceived = false
  #reset = false

  constructor(options: {
    owner: SimProcess
    local: Endpoint
    remote: Endpoint
    destination: Endpoint
    clock: SimClock
    path: Path
    ended: (conn: SimConn) => void
  }) {
    super({ allowHalfOpen: true, emitClose: true, autoDestroy: true })
    this.owner = options.owner
    this.local = options.local
    this.remote = options.remote
    this.destination = options.destination
    this.#clock = options.clock
    this.#path = options.path
    this.#ended = options.ended
    this.fd = options.owner.takeFd()
    this.inode = options.owner.host.nextInode()
  }

  get localAddress(): string {
    return this.local.address
  }
  get localPort(): number {
    return this.local.port
  }
  get remoteAddress(): string {
    return this.remote.address
  }
  get remotePort(): number {
    return this.remote.port
  }

  get state(): TcpState {
    if (this.#finReceived) return 'CLOSE_WAIT'
    return this.#finSent ? 'FIN_WAIT2' : 'ESTABLISHED'
  }

  // What node:http and node:tls call on a socket; in memory there is nothing to do.
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  setTimeout(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy(): this {
    this.#reset = true
    return this.destroy()
  }

  override _read(): void {
    this.#clock.touch()
    this.#wanted = true
    this.peer?.flushSoon()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.peer === undefined) return callback(errno('EPIPE', 'write'))
    this.#outgoing.push({ data: chunk, sent: callback })
    this.flushSoon()
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#finSent = true
    if (this.peer !== undefined) {
      this.#outgoing.push('fin')
      this.flushSoon()
    }
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#clock.touch()
    const peer = this.peer
    if (peer !== undefined) {
      // A socket that is closed with data unread answers with a reset, as a kernel does.
      const abortive = this.#reset || this.readableLength > 0
      if (!abortive && !this.#finSent) this.#outgoing.push('fin')
      this.#flush()
      if (abortive && this.#path(this)) this.#deliverReset(peer)
      else if (this.#outgoing.length === 0) this.#sever()
    }
    this.owner.dropConn(this)
    this.#ended(this)
    callback(error)
  }

  /** Delivers what waits, after the code that runs now. */
  flushSoon(): void {
    if (this.#flushing || this.#outgoing.length === 0) return
    this.#flushing = true
    this.#clock.touch()
    process.nextTick(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    const peer = this.peer
    if (peer === undefined) return
    while (this.#outgoing.length > 0) {
      if (!peer.#wanted && !peer.destroyed) return
      if (!this.#path(this)) return this.#waitToRetransmit()
      this.#retransmissions = 0
      const segment = this.#outgoing.shift()!
      this.#clock.touch()
      if (peer.destroyed) {
        // The other end is closed: data is answered with a reset, a FIN needs no answer.
        if (segment === 'fin') continue
        segment.sent()
        this.#outgoing = []
        this.peer = undefined
        if (!this.destroyed) this.destroy(errno('ECONNRESET', 'read'))
        return
      }
      if (segment === 'fin') {
        peer.#finReceived = true
        peer.push(null)
      } else {
        peer.#wanted = peer.push(segment.data)
        segment.sent()
      }
    }
    if (this.destroyed) this.#sever()
  }

  #waitToRetransmit(): void {
    if (this.#retransmit !== undefined) return
    if (this.#retransmissions >= RETRANSMISSIONS) {
      this.#outgoing = []
      this.peer = undefined
      this.destroy(errno('ETIMEDOUT', 'read'))
      return
    }
    const delayMs = Math.min(FIRST_RETRANSMIT_MS * 2 ** this.#retransmissions++, LONGEST_RETRANSMIT_MS)
    this.#retransmit = this.#clock.after(delayMs, () => {
      this.#retransmit = undefined
      this.#flush()
    })
  }

  #deliverReset(peer: SimConn): void {
    this.#sever()
    process.nextTick(() => {
      this.#clock.touch()
      peer.peer = undefined
      if (!peer.destroyed) peer.destroy(errno('ECONNRESET', 'read'))
    })
  }

  #sever(): void {
    this.#retransmit?.[Symbol.dispose]()
    this.#outgoing = []
  }
}
