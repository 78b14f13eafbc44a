import { Transform } from 'node:stream'
import type { Clock } from '../../shared/kernel/clock.ts'

/** How much is held back at most before whoever writes has to wait. */
const MOST_BYTES = 1_048_576

/**
 * What is written comes out after as long as `delayMs()` says at that moment (lab time), in order, and so does the end. Destroying it drops what it holds.
 */
export function delayLine(clock: Clock, delayMs: () => number): Transform {
  const timers = new Set<Disposable>()
  let heldBytes = 0
  let dueMs = 0
  /** Writers that wait for room. */
  let waiting: (() => void) | undefined

  const later = (bytes: number, act: () => void): void => {
    const nowMs = clock.uptimeMs()
    dueMs = Math.max(dueMs, nowMs + delayMs())
    if (dueMs === nowMs && timers.size === 0) return act()
    heldBytes += bytes
    const timer = clock.after(dueMs - nowMs, () => {
      timers.delete(timer)
      heldBytes -= bytes
      act()
      const resume = waiting
      waiting = undefined
      resume?.()
    })
    timers.add(timer)
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      later(chunk.length, () => this.push(chunk))
      if (heldBytes < MOST_BYTES) done()
      else waiting = () => done()
    },
    flush(done) {
      later(0, () => done())
    },
    destroy(error, done) {
      for (const timer of timers) timer[Symbol.dispose]()
      timers.clear()
      done(error)
    },
  })
}
