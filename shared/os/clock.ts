import type { Clock } from '../kernel/clock.ts'
import { errno } from '../kernel/errors.ts'
import { TimerQueue, type Timer } from './timers.ts'
import type { WallClock } from './wall-clock.ts'

/** Longest delay that one of Node's timers takes. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * The machine's clock as a lab's. Lab time equals real time at `epochMs` (real, epoch milliseconds; the same in all processes of a lab)
 * and passes `speed` times as fast; real waits are lab waits divided by `speed`. A host's wall
 * clock may be wrong; without one the clock is nobody's to set.
 */
export function osClock(options: { readonly speed: number; readonly epochMs: number; readonly wall?: WallClock }): Clock {
  const { speed, epochMs, wall } = options
  const labMs = (): number => Math.floor(epochMs + (Date.now() - epochMs) * speed)
  const queue = new TimerQueue()
  const startedMs = performance.now()
  const uptimeMs = (): number => (performance.now() - startedMs) * speed
  let waiting: { readonly timer: Timer; cancel(): void } | undefined

  // One timer of Node's for the earliest of ours: Node keeps no order between timers of different lengths that are due together.
  const arm = (): void => {
    const timer = queue.first()
    if (timer === waiting?.timer) return
    waiting?.cancel()
    waiting = undefined
    if (timer === undefined) return
    const delayMs = (timer.at - uptimeMs()) / speed
    if (delayMs <= 0) {
      const immediate = setImmediate(fireFirst)
      waiting = { timer, cancel: () => clearImmediate(immediate) }
    } else {
      const timeout = setTimeout(fireFirst, Math.min(Math.ceil(delayMs), LONGEST_MS))
      waiting = { timer, cancel: () => clearTimeout(timeout) }
    }
  }

  // One a turn, so that what follows from a timer happens before the next one, as in virtual time.
  const fireFirst = (): void => {
    waiting = undefined
    const timer = queue.first()
    if (timer === undefined || timer.at > uptimeMs()) return arm()
    queue.remove(timer)
    arm()
    timer.fire()
  }

  const after = (delayMs: number, fire: () => void): Disposable => {
    const timer = queue.add(uptimeMs() + Math.max(0, delayMs), fire)
    arm()
    return {
      [Symbol.dispose]: () => {
        queue.remove(timer)
        arm()
      },
    }
  }

  return {
    now: () => labMs() + (wall?.aheadMs ?? 0),
    set: async (epochMs) => {
      if (wall === undefined) throw errno('EPERM', 'clock_settime')
      await wall.setAhead(Math.trunc(epochMs) - labMs())
    },
    uptimeMs,
    after,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error)
        const timer = after(delayMs, () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        })
        const abort = (): void => {
          timer[Symbol.dispose]()
          reject(signal!.reason as Error)
        }
        signal?.addEventListener('abort', abort, { once: true })
      }),
  }
}
