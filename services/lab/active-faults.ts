import { explainFault, injectFault, parseFault } from '../../shared/fault/catalogue.ts'
import type { FaultSite } from '../../shared/fault/fault.ts'
import { timesOf } from '../../shared/fault/timing.ts'
import type { Clock } from '../../shared/kernel/clock.ts'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'
import type { Random } from '../../shared/kernel/random.ts'
import type { ActiveFault, Lab } from '../../shared/scenario/lab.ts'
import { startTimedFault } from './timed-fault.ts'

/** What faults need of a lab. `site` must be the same for all of them, and is how they act; `clock` and `random` decide when those with a timing do. */
export interface FaultGround {
  readonly site: FaultSite
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
}

interface Active {
  info(): ActiveFault
  cure(): Promise<void>
}

/** The faults of one lab: what was injected and neither taken back nor over. */
export function activeFaults({ site, clock, random }: FaultGround): Pick<Lab, 'inject' | 'cure' | 'faults'> {
  const active = new Map<string, Active>()
  let injected = 0
  return {
    async inject(input) {
      const fault = parseFault(input)
      const id = `f${++injected}`
      const told = { id, fault, explanation: explainFault(fault) }
      const noted = (note: string | undefined): ActiveFault => ({ ...told, ...(note !== undefined && { note }) })
      const { when } = fault
      if (when === undefined) {
        const cure = await injectFault(fault, site)
        active.set(id, { info: () => noted(cure.note), cure })
        return noted(cure.note)
      }
      const timed = await startTimedFault({
        times: timesOf(when),
        inject: () => injectFault(fault, site),
        clock,
        dice: random.stream(`fault ${id}`),
        over: () => active.delete(id),
      })
      const info = () => ({ ...noted(timed.note), state: timed.state })
      if (timed.state !== 'over') active.set(id, { info, cure: () => timed.stop() })
      return info()
    },
    async cure(id) {
      const found = active.get(id)
      if (found === undefined) {
        const which = active.size === 0 ? 'none is active' : `the active ones are ${oneOf(active.keys())}`
        throw new LabError('LAB_NO_SUCH_FAULT', `there is no fault ${id}; ${which}`)
      }
      await found.cure()
      active.delete(id)
    },
    faults: () => [...active.values()].map((fault) => fault.info()),
  }
}
