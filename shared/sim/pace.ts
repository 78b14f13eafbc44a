import type { SimClock } from './clock.ts'

/** The longest nap between two looks at the real clock: how far lab time may lag behind for somebody who asks what time it is. */
const LONGEST_NAP_MS = 20

/** Lets a clock keep step with real time. */
export interface Pacer extends AsyncDisposable {
  /** Lab seconds per real second. */
  speed: number
  readonly paused: boolean
  pause(): void
  resume(): void
  /** Lets this much lab time pass at once, as fast as the machine can, and then goes on as before. */
  skip(durationMs: number): Promise<void>
}

/** Starts to pace a clock against real time from now on. */
export function pace(clock: SimClock, speed: number): Pacer {
  let current = speed
  let paused = false
  let stopped = false
  let baseLabMs = clock.now()
  let baseRealMs = performance.now()
  let wake: (() => void) | undefined
  const skips: { readonly durationMs: number; readonly done: () => void; readonly failed: (error: unknown) => void }[] = []

  const rebase = () => {
    baseLabMs = clock.now()
    baseRealMs = performance.now()
    wake?.()
  }
  clock.onEarlierTimer = () => wake?.()

  const nap = (delayMs: number) =>
    new Promise<void>((resolve) => {
      const timer = delayMs === Infinity ? undefined : setTimeout(woken, delayMs)
      function woken() {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
      wake = woken
    })

  const run = async () => {
    while (!stopped) {
      const skip = skips.shift()
      if (skip !== undefined) {
        await clock.advance(skip.durationMs).then(skip.done, skip.failed)
        rebase()
        continue
      }
      if (paused) {
        await nap(Infinity)
        continue
      }
      const targetMs = baseLabMs + (performance.now() - baseRealMs) * current
      await clock.advanceTo(Math.floor(targetMs))
      const nextMs = clock.nextAt()
      const untilNextMs = nextMs === undefined ? LONGEST_NAP_MS : (nextMs - clock.now()) / current
      if (untilNextMs > 0 && !stopped && skips.length === 0) await nap(Math.min(untilNextMs, LONGEST_NAP_MS))
    }
  }
  const ended = run()

  return {
    get speed() {
      return current
    },
    set speed(value) {
      current = value
      rebase()
    },
    get paused() {
      return paused
    },
    pause: () => {
      paused = true
      wake?.()
    },
    resume: () => {
      paused = false
      rebase()
    },
    skip: (durationMs) =>
      new Promise<void>((done, failed) => {
        skips.push({ durationMs, done, failed })
        wake?.()
      }),
    [Symbol.asyncDispose]: async () => {
      stopped = true
      wake?.()
      await ended
      clock.onEarlierTimer = undefined
      for (const skip of skips.splice(0)) skip.failed(new Error('the lab ended before this much time had passed'))
    },
  }
}
