import { LabError } from '../../../shared/kernel/errors.ts'
import type { Lab } from '../../../shared/scenario/lab.ts'
import { check, type Verdict } from '../../../shared/scenario/probe.ts'
import { Symptom, type SymptomInput } from '../../../shared/scenario/schema.ts'
import { describe, until } from '../../../shared/scenario/verify.ts'
import type { ComposeLab, ComposeOptions } from '../compose/compose-lab.ts'
import type { LabOptions } from '../plan.ts'
import { startSimLab } from '../sim-lab.ts'

export type { ComposeLab, ComposeOptions } from '../compose/compose-lab.ts'
export type { LabOptions } from '../plan.ts'
export type { Verdict } from '../../../shared/scenario/probe.ts'
export type { SymptomInput } from '../../../shared/scenario/schema.ts'
export type { ActiveFault, HostStatus, Lab } from '../../../shared/scenario/lab.ts'

/** A lab for tests: the Lab, and two ways to look at it. */
export interface TestLab extends Lab {
  /** Looks once. */
  check(symptom: SymptomInput): Promise<Verdict>
  /** Lets lab time pass until the symptom shows; throws LAB_TIMED_OUT with what was seen when it does not within its `within`. */
  until(symptom: SymptomInput): Promise<Verdict>
}

/**
 * Starts a healthy lab in this process, in virtual time, with nothing on disk and no port opened. The same seed gives the same lab every time.
 *
 * @example
 * await using lab = await startLab({ ftds: 1 })
 * await lab.inject({ kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] })
 * await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '15m' })
 */
export async function startLab(options: Partial<LabOptions> = {}): Promise<TestLab> {
  return withChecks(await startSimLab(options))
}

/**
 * The same over real containers, in real time: needs Docker with Compose. See `ComposeOptions` for speed and logs.
 *
 * @example
 * await using lab = await startComposeLab({ ftds: 1, speed: 10 })
 */
export async function startComposeLab(options: ComposeOptions = {}): Promise<TestLab & ComposeLab> {
  const { startComposeLab: start } = await import('../compose/compose-lab.ts')
  return withChecks(await start(options))
}

function withChecks<L extends Lab>(lab: L): L & TestLab {
  return Object.assign(lab, {
    check: async (symptom: SymptomInput) => check(lab, Symptom.parse(symptom)),
    until: async (input: SymptomInput) => {
      const symptom = Symptom.parse(input)
      const verdict = await until(lab, symptom)
      if (!verdict.held)
        throw new LabError(
          'LAB_TIMED_OUT',
          `"${describe(symptom)}" did not show in ${symptom.within} ms of lab time; seen last: ${verdict.observed}`,
        )
      return verdict
    },
  })
}
