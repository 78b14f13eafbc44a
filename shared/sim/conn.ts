import { Duplex } from 'node:stream'
import { errno } from '../kernel/errors.ts'
import type { Endpoint, TcpState } from '../kernel/net.ts'
import type { SimClock } from './clock.ts'
import type { SimProcess } from './process.ts'

/** Retransmission as Linux does it: from 200 ms, doubling up to 120 s, given up after 15 tries (about 15 minutes). */
const FIRST_RETRANSMIT_MS = 200
const LONGEST_RETRANSMIT_MS = 120_000
const RETRANSMISSIONS = 15
/** How much may be on its way before a writer has to wait; a kernel's windows grow to about as much. */
const WINDOW_BYTES = 1_048_576

type Segment = { readonly data: Buffer; readonly sent: (error?: Error | null) => void } | 'fin'

/** What the network said of segments from one end, and at which state of the network. `byChance`: the next one may fare otherwise. */
export interface Judgement {
  readonly epoch: number
  readonly passes: boolean
  readonly byChance: boolean
  /** How long a segment that passes is on its way. */
  readonly delayMs: number
}

/** Asks what becomes of a segment that this end sends now. */
export type Path = (conn: SimConn) => Judgement

/**
 * One end of a TCP connection in memory. What is written reaches the other end as soon as the path lets it; while the path drops it, it is
 * sent again at growing intervals, so that a cut which heals in time is only a delay and one that does not ends in ETIMEDOUT. One write is one segment,
 * however long. Acknowledgements are not sent, so that only what carries data or an end is ever lost.
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
  /** What the network said last. */
  judged: Judgement = { epoch: -1, passes: false, byChance: false, delayMs: 0 }
  readonly #clock: SimClock
  readonly #path: Path
  readonly #ended: (conn: SimConn) => void
  #outgoing: Segment[] = []
  #flushing = false
  #retransmissions = 0
  #retransmit: Disposable | undefined
  /** The dice lost a segment: it waits for its retransmission, and what was written after it waits behind it and then goes with it. */
  #lostByChance = false
  #recoveredAtMs = -1
  /** How long the last segment that passed is on its way, and when it arrives. */
  #delayMs = 0
  #arrivesAtMs = 0
  #onTheWay = { segments: 0, bytes: 0 }
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
      const way = abortive ? this.#path(this) : undefined
      if (way?.passes === true) this.#deliverReset(peer, way.delayMs)
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
    if (peer === undefined || (this.#lostByChance && this.#retransmit !== undefined)) return
    while (this.#outgoing.length > 0) {
      if ((!peer.#wanted && !peer.destroyed) || this.#onTheWay.bytes >= WINDOW_BYTES) return
      const way = this.#path(this)
      if (way.passes) this.#delayMs = way.delayMs
      else if (!way.byChance || this.#recoveredAtMs !== this.#clock.now()) return this.#waitToRetransmit(way.byChance)
      if (this.#retransmissions > 0) this.#recoveredAtMs = this.#clock.now()
      this.#retransmissions = 0
      const segment = this.#outgoing.shift()!
      this.#clock.touch()
      this.#send(this.#delayMs, segment === 'fin' ? 0 : segment.data.length, () => this.#arrive(peer, segment))
      if (segment !== 'fin') segment.sent()
      if (this.peer === undefined) return
    }
    if (this.destroyed) this.#sever()
  }

  /** Brings something to the other end, never before what was sent earlier: at once where the way is short and empty. */
  #send(delayMs: number, bytes: number, arrive: () => void): void {
    const way = this.#onTheWay
    if (delayMs === 0 && way.segments === 0) return arrive()
    const nowMs = this.#clock.now()
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, nowMs + delayMs)
    way.segments++
    way.bytes += bytes
    this.#clock.after(this.#arrivesAtMs - nowMs, () => {
      way.segments--
      way.bytes -= bytes
      arrive()
      this.flushSoon()
    })
  }

  #arrive(peer: SimConn, segment: Segment): void {
    this.#clock.touch()
    if (peer.destroyed) {
      // The other end is closed: data is answered with a reset, a FIN needs no answer.
      if (segment !== 'fin') peer.#send(peer.#path(peer).delayMs, 0, () => this.#wasReset())
    } else if (segment === 'fin') {
      peer.#finReceived = true
      peer.push(null)
    } else peer.#wanted = peer.push(segment.data)
  }

  #wasReset(): void {
    this.#outgoing = []
    this.peer = undefined
    if (!this.destroyed) this.destroy(errno('ECONNRESET', 'read'))
  }

  #waitToRetransmit(byChance: boolean): void {
    this.#lostByChance = byChance
    if (this.#retransmit !== undefined) return
    if (this.#retransmissions >= RETRANSMISSIONS) {
      this.#outgoing = []
      this.peer = undefined
      this.destroy(errno('ETIMEDOUT', 'read'))
      return
    }
    // Nobody takes a segment for lost while its acknowledgement may still be on its way.
    const firstMs = FIRST_RETRANSMIT_MS + 2 * this.#delayMs
    const delayMs = Math.min(firstMs * 2 ** this.#retransmissions++, LONGEST_RETRANSMIT_MS)
    this.#retransmit = this.#clock.after(delayMs, () => {
      this.#retransmit = undefined
      this.#flush()
    })
  }

  #deliverReset(peer: SimConn, delayMs: number): void {
    this.#sever()
    process.nextTick(() => {
      this.#send(delayMs, 0, () => {
        this.#clock.touch()
        peer.peer = undefined
        if (!peer.destroyed) peer.destroy(errno('ECONNRESET', 'read'))
      })
    })
  }

  #sever(): void {
    this.#retransmit?.[Symbol.dispose]()
    this.#outgoing = []
  }
}
