import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { seededRandom } from '../kernel/seeded-random.ts'
import { SimClock } from './clock.ts'
import type { Judgement, SimConn } from './conn.ts'
import { SimHost, type SimHostOptions } from './host.ts'
import { fateOf, type Fate, type Packet } from './route.ts'

export interface SimOptions {
  readonly seed: number
  /** Lab time at the start, epoch milliseconds. */
  readonly startMs?: number
  readonly log?: Log
}

const SILENT: Log = { child: () => SILENT, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A whole lab in one process: hosts, the network between them and the virtual time that they share. */
export class Sim {
  readonly clock: SimClock
  readonly random: Random
  readonly log: Log
  readonly #hosts = new Map<string, SimHost>()
  readonly #byAddress = new Map<string, SimHost>()
  #networkEpoch = 0
  #hash = 0xcbf29ce4
  #hash2 = 0x84222325
  /** Called with each line of the trace. */
  onTrace: ((line: string) => void) | undefined

  constructor(options: SimOptions) {
    this.clock = new SimClock(options.startMs ?? Date.UTC(2026, 0, 5, 12))
    this.random = seededRandom(options.seed)
    this.log = options.log ?? SILENT
  }

  addHost(options: SimHostOptions): SimHost {
    if (this.#hosts.has(options.name)) throw new TypeError(`there is already a host named ${options.name}`)
    for (const { address } of options.interfaces)
      if (this.#byAddress.has(address)) throw new TypeError(`${address} is ${this.#byAddress.get(address)!.name}'s already`)
    const host = new SimHost(this, options)
    this.#hosts.set(host.name, host)
    for (const { address } of host.interfaces) this.#byAddress.set(address, host)
    this.networkChanged()
    return host
  }

  host(name: string): SimHost | undefined {
    return this.#hosts.get(name)
  }

  hosts(): Iterable<SimHost> {
    return this.#hosts.values()
  }

  /** What becomes of a packet that a host sends now. */
  fate(sender: SimHost, packet: Packet): Fate {
    return fateOf(sender, (address) => this.#byAddress.get(address), packet)
  }

  /** What the network does to a segment of a connection now; looked up again only after the network changed, or where the dice decide. */
  judge(conn: SimConn): Judgement {
    if (conn.judged.epoch === this.#networkEpoch) return conn.judged
    const { address, port } = conn.destination
    const { owner, local } = conn
    const fate = this.fate(owner.host, { protocol: 'tcp', from: local.address, to: address, port, fromPort: local.port })
    const passes = fate.kind === 'delivered'
    const byChance = (fate.kind === 'delivered' || fate.kind === 'lost') && fate.byChance
    conn.judged = { epoch: byChance ? -1 : this.#networkEpoch, passes, byChance, delayMs: fate.kind === 'delivered' ? fate.delayMs : 0 }
    return conn.judged
  }

  networkChanged(): void {
    this.#networkEpoch++
    this.clock.touch()
  }

  /** Adds a line to the trace. Two runs with the same seed give the same lines at the same lab times. */
  trace(line: string): void {
    this.clock.touch()
    const stamped = `${this.clock.uptimeMs()} ${line}`
    for (let i = 0; i < stamped.length; i++) {
      this.#hash = Math.imul(this.#hash ^ stamped.charCodeAt(i), 0x01000193)
      this.#hash2 = Math.imul(this.#hash2 ^ stamped.charCodeAt(i), 0x85ebca6b)
    }
    this.onTrace?.(stamped)
  }

  /** A hash of all that was traced so far. */
  traceHash(): string {
    return [this.#hash, this.#hash2].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('')
  }

  async advance(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs)
  }

  /**
   * Lets lab time run until a promise settles, and gives its value. Throws when `limitMs` of lab time (default one hour) pass first, or when nothing
   * is left that could ever happen.
   */
  async run<T>(work: Promise<T> | (() => Promise<T>), options: { readonly limitMs?: number } = {}): Promise<T> {
    const limitMs = options.limitMs ?? 3_600_000
    const endMs = this.clock.now() + limitMs
    let done = false
    const settled = (typeof work === 'function' ? work() : work).finally(() => {
      done = true
      this.clock.touch()
    })
    settled.catch(() => {}) // It is awaited below; here it may reject while time still moves.
    for (;;) {
      await this.clock.settle()
      if (done) return settled
      if (!this.clock.step(endMs)) {
        const why = this.clock.nextAt() === undefined ? 'nothing is left that could happen' : `${limitMs} ms of lab time passed`
        throw new Error(`the lab waited for something that did not come: ${why}`)
      }
    }
  }

  async close(): Promise<void> {
    for (const host of this.#hosts.values()) host.powerOff()
    await this.clock.settle()
  }
}

/** A new simulated lab without hosts. */
export function createSim(options: SimOptions): Sim {
  return new Sim(options)
}
