import type { Cure } from '../../shared/fault/fault.ts'
import type { FaultTimes } from '../../shared/fault/timing.ts'
import type { Clock } from '../../shared/kernel/clock.ts'
import type { Random } from '../../shared/kernel/random.ts'
import type { ActiveFault } from '../../shared/scenario/lab.ts'

/** What a fault that comes and goes is doing, as the lab's list of faults tells it. */
type TimedState = NonNullable<ActiveFault['state']>

export interface TimedFault {
  readonly state: TimedState
  /** What the injection said of how it was done, or why it failed. */
  readonly note: string | undefined
  /** No more beginnings; takes the fault back if it acts. Rejects when that fails, and may then be called again. */
  stop(): Promise<void>
}

export interface TimedFaultOptions {
  readonly times: FaultTimes
  readonly inject: () => Promise<Cure>
  readonly clock: Pick<Clock, 'after'>
  readonly dice: Random
  /** Called when it has gone for good by itself. */
  readonly over: () => void
}

/** Lets a fault come and go by lab time. Resolves when the first beginning is over, if that is now, and rejects if it failed. */
export async function startTimedFault({ times, inject, clock, dice, over }: TimedFaultOptions): Promise<TimedFault> {
  const { afterMs, forMs, everyMs, chance } = times
  const timers = new Map<'begin' | 'end', Disposable>()
  let state: TimedState = 'waiting'
  let note: string | undefined
  let cure: Cure | undefined
  let stopped = false
  /** One change after the other: an end waits for the beginning that it belongs to. */
  let last: Promise<void> = Promise.resolve()

  const at = (which: 'begin' | 'end', delayMs: number, act: () => Promise<void>): void => {
    timers.get(which)?.[Symbol.dispose]()
    // What goes wrong is in the state.
    const fire = () => void act().catch(() => {})
    timers.set(which, clock.after(delayMs, fire))
  }
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work).catch((error: unknown) => {
      state = 'failed'
      note = error instanceof Error ? error.message : String(error)
      throw error
    })
    last = done.catch(() => {
      // Whoever asked is told; the next change does not depend on it.
    })
    return done
  }
  const gone = (): void => {
    state = everyMs === undefined ? 'over' : 'waiting'
    if (state === 'over') over()
  }
  const end = (): Promise<void> =>
    inTurn(async () => {
      await cure?.()
      cure = undefined
      gone()
    })
  const begin = (): Promise<void> => {
    if (everyMs !== undefined) at('begin', everyMs, begin)
    if (!dice.chance(chance)) return inTurn(async () => gone())
    if (forMs !== undefined) at('end', forMs, end)
    return inTurn(async () => {
      // The end of the time before could not be made: it acts still.
      if (stopped || cure !== undefined) return
      cure = await inject()
      state = 'acting'
      note = cure.note
    })
  }

  if (afterMs === undefined) {
    try {
      await begin()
    } catch (error) {
      for (const timer of timers.values()) timer[Symbol.dispose]()
      throw error
    }
  } else at('begin', afterMs, begin)
  return {
    get state() {
      return state
    },
    get note() {
      return note
    },
    async stop() {
      stopped = true
      for (const timer of timers.values()) timer[Symbol.dispose]()
      await inTurn(async () => {
        await cure?.()
        cure = undefined
      })
    },
  }
}
