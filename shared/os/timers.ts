/** A timer in a queue; `index` is its place in the heap, or -1 when it is not in it. */
export interface Timer {
  readonly at: number
  readonly sequence: number
  readonly fire: () => void
  index: number
}

/** Timers by deadline, then in the order in which they were made. A binary heap: adding, taking and removing cost the logarithm of its size. */
export class TimerQueue {
  readonly #heap: Timer[] = []
  #made = 0

  add(at: number, fire: () => void): Timer {
    const timer: Timer = { at, sequence: this.#made++, fire, index: this.#heap.length }
    this.#heap.push(timer)
    this.#rise(timer)
    return timer
  }

  first(): Timer | undefined {
    return this.#heap[0]
  }

  /** Does nothing when the timer is not in the queue any more. */
  remove(timer: Timer): void {
    if (timer.index < 0) return
    const last = this.#heap.pop()!
    if (last !== timer) {
      last.index = timer.index
      this.#heap[last.index] = last
      this.#rise(last)
      this.#sink(last)
    }
    timer.index = -1
  }

  #rise(timer: Timer): void {
    while (timer.index > 0) {
      const parent = this.#heap[(timer.index - 1) >> 1]!
      if (!isBefore(timer, parent)) return
      this.#swap(timer, parent)
    }
  }

  #sink(timer: Timer): void {
    for (;;) {
      const left = this.#heap[2 * timer.index + 1]
      const right = this.#heap[2 * timer.index + 2]
      const child = right !== undefined && isBefore(right, left!) ? right : left
      if (child === undefined || !isBefore(child, timer)) return
      this.#swap(child, timer)
    }
  }

  #swap(a: Timer, b: Timer): void {
    const index = a.index
    a.index = b.index
    b.index = index
    this.#heap[a.index] = a
    this.#heap[b.index] = b
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence)
}
