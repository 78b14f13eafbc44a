import { check, type Verdict } from '../../shared/scenario/probe.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import { Symptom, type SymptomInput } from '../../shared/scenario/schema.ts'
import { until } from '../../shared/scenario/verify.ts'
import type { Host } from '../../shared/host/host.ts'
import { createSim, type Sim } from '../../shared/sim/sim.ts'
import { startEstate } from '../../services/lab/estate.ts'
import { labOf } from '../../services/lab/lab.ts'
import type { LabOptions } from '../../services/lab/plan.ts'
import { DEFAULT_TRAFFIC, untilHealthy } from '../../services/lab/sim-lab.ts'
import { archiveEvents } from './event-archive.ts'

/** A lab whose simulation a test may look into: for terminals, which a Lab does not have. */
export interface OpenLab extends Lab {
  readonly sim: Sim
  host(name: string): Host
  /** Every line that was ever in a device's event log; an event's number is its place, from 1. */
  eventLines(device: string): Promise<readonly string[]>
  /** Lets lab time pass until the symptom shows; throws with what was seen when it does not within its `within`. Returns what was seen. */
  until(symptom: SymptomInput): Promise<string>
  /** Looks once; throws with what was seen when it does not show. */
  sees(symptom: SymptomInput): Promise<string>
}

const START_MS = Date.UTC(2026, 0, 5, 8)

/** Starts a healthy lab in virtual time. */
export async function openLab(options: Partial<LabOptions> = {}): Promise<OpenLab> {
  const full: LabOptions = { ftds: 1, region: 'us', internet: 'direct', seed: 1, traffic: DEFAULT_TRAFFIC, ...options }
  const sim = createSim({ seed: full.seed, startMs: START_MS })
  const estate = await sim.run(() => startEstate(sim, full))
  const archives = new Map(estate.plan.ftds.map(({ name }) => [name, archiveEvents(sim.host(name)!.world)]))
  const lab = labOf(sim, estate, full, { run: (work) => sim.run(work), pass: (durationMs) => sim.advance(durationMs) })
  await untilHealthy(lab, full)
  return Object.assign(lab, {
    sim,
    host: (name: string) => estate.hosts.get(name)!,
    eventLines: (device: string) => archives.get(device)!(),
    until: async (input: SymptomInput) => seen(input, await until(lab, Symptom.parse(input))),
    sees: async (input: SymptomInput) => seen(input, await check(lab, Symptom.parse(input))),
  })
}

function seen(symptom: SymptomInput, { held, observed }: Verdict): string {
  if (!held) throw new Error(`${JSON.stringify(symptom)} does not show; seen: ${observed}`)
  return observed
}
