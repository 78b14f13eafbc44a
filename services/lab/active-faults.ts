import { explainFault, injectFault, parseFault } from '../../shared/fault/catalogue.ts'
import type { Cure, FaultSite } from '../../shared/fault/fault.ts'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'
import type { ActiveFault, Lab } from '../../shared/scenario/lab.ts'

/** The faults of one lab: what was injected and not yet taken back. `site` must be the same for all of them, and is how they act. */
export function activeFaults(site: FaultSite): Pick<Lab, 'inject' | 'cure' | 'faults'> {
  const active = new Map<string, { readonly info: ActiveFault; readonly cure: Cure }>()
  let injected = 0
  return {
    async inject(input) {
      const fault = parseFault(input)
      const cure = await injectFault(fault, site)
      const { note } = cure
      const info = { id: `f${++injected}`, fault, explanation: explainFault(fault), ...(note !== undefined && { note }) }
      active.set(info.id, { info, cure })
      return info
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
    faults: () => [...active.values()].map(({ info }) => info),
  }
}
