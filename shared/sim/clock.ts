import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../kernel/clock.ts'

/** Who a timer belongs to: when its owner is gone the timer is, too. */
export interface TimerOwner {
  readonly alive: boolean
}

interface Timer extends Disposable {
  readonly at: number
  readonly sequence: number
  readonly owner: TimerOwner
  fire: (() => void) | undefined
}

/**
 * Turns of the event loop without any activity after which nothing can be left to happen at this instant. A TLS or WebSocket hop takes
 * at most two turns between one touch of an in-memory connection and the next.
 */
const QUIET_TURNS = 3

const FOREVER: TimerOwner = { alive: true }

/** Virtual time: moves only when it is told to, from timer to timer, after everything at an instant has happened. */
export class SimClock {
  #nowMs: number
  readonly #startMs: number
  #sequence = 0
  readonly #heap: Timer[] = []
  #activity = 0
  #holds = 0
  #released: (() => void)[] = []
  /** Called when a timer is made that is due before all others; the pacer shortens its wait. */
  onEarlierTimer: (() => void) | undefined

  constructor(startMs: number) {
    this.#startMs = startMs
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  uptimeMs(): number {
    return this.#nowMs - this.#startMs
  }

  /** Says that something happened at this instant, so that time waits for what may follow from it. */
  touch(): void {
    this.#activity++
  }

  /** Keeps time from moving while real asynchronous work (which virtual time cannot see) goes on. */
  hold(): Disposable {
    this.#holds++
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        this.#activity++
        if (--this.#holds === 0) for (const release of this.#released.splice(0)) release()
      },
    }
  }

  after(delayMs: number, fire: () => void, owner: TimerOwner = FOREVER): Disposable {
    const timer: Timer = {
      at: this.#nowMs + Math.max(0, delayMs),
      sequence: this.#sequence++,
      owner,
      fire,
      [Symbol.dispose]() {
        this.fire = undefined
      },
    }
    push(this.#heap, timer)
    this.#activity++
    if (this.#heap[0] === timer) this.onEarlierTimer?.()
    return timer
  }

  /** When the next timer is due, or undefined when there is none. */
  nextAt(): number | undefined {
    while (this.#heap.length > 0 && !isDue(this.#heap[0]!)) pop(this.#heap)
    return this.#heap[0]?.at
  }

  /** Resolves when nothing is left to happen at this instant. */
  async settle(): Promise<void> {
    let quiet = 0
    let seen = this.#activity
    while (quiet < QUIET_TURNS) {
      if (this.#holds > 0) await new Promise<void>((resolve) => this.#released.push(resolve))
      await nextTurn()
      if (this.#activity === seen && this.#holds === 0) quiet++
      else {
        quiet = 0
        seen = this.#activity
      }
    }
  }

  /** Moves to the next instant that has a timer, not beyond `limitMs` (epoch), and fires all that are due then. False when there is none. */
  step(limitMs: number): boolean {
    const at = this.nextAt()
    if (at === undefined || at > limitMs) return false
    if (at > this.#nowMs) this.#nowMs = at
    const due: Timer[] = []
    while (this.nextAt() === at) due.push(pop(this.#heap)!)
    for (const timer of due) {
      const fire = timer.fire
      if (fire === undefined || !timer.owner.alive) continue
      timer.fire = undefined
      fire()
    }
    return true
  }

  /** Lets `durationMs` pass: fires everything due until then, in order, and everything that follows from it. */
  async advance(durationMs: number): Promise<void> {
    await this.advanceTo(this.#nowMs + durationMs)
  }

  async advanceTo(endMs: number): Promise<void> {
    do await this.settle()
    while (this.step(endMs))
    if (endMs > this.#nowMs) this.#nowMs = endMs
  }
}

/** A host's wall clock, which may be wrong. */
export interface WallClock {
  /** How far it is ahead of lab time. */
  readonly aheadMs: number
  setAhead(aheadMs: number): void
}

/** One process's view of the clock. */
export function clockView(clock: SimClock, wall: WallClock, owner: TimerOwner): Clock {
  return {
    now: () => clock.now() + wall.aheadMs,
    set: async (epochMs) => wall.setAhead(Math.trunc(epochMs) - clock.now()),
    uptimeMs: () => clock.uptimeMs(),
    after: (delayMs, fire) => clock.after(delayMs, fire, owner),
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        const timer = clock.after(
          delayMs,
          () => {
            signal?.removeEventListener('abort', abort)
            resolve()
          },
          owner,
        )
        const abort = () => {
          timer[Symbol.dispose]()
          clock.touch()
          reject(signal!.reason as Error)
        }
        signal?.addEventListener('abort', abort, { once: true })
      }),
  }
}

function isDue(timer: Timer): boolean {
  return timer.fire !== undefined && timer.owner.alive
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.push(timer) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!before(timer, heap[parent]!)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = timer
}

function pop(heap: Timer[]): Timer | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || heap.length === 0) return top
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, last)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
  return top
}
