import type { HostStatus, Lab } from '../../shared/scenario/lab.ts'
import { cloudEventCounts, CloudError } from '../../shared/scenario/cloud-client.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import { createSim } from '../../shared/sim/sim.ts'
import { startEstate } from './estate.ts'
import { labOf } from './lab.ts'
import type { LabOptions } from './plan.ts'

/** How long a lab may take to become healthy, in lab time. */
const HEALTHY_WITHIN_MS = 600_000
const LOOK_EVERY_MS = 1_000

/** One intrusion event a second and device, unless told otherwise. */
export const DEFAULT_TRAFFIC: LabOptions['traffic'] = () => [{ type: 'intrusion', ratePerSecond: 1 }]

/**
 * Starts a lab in this process, in virtual time that starts at the machine's, and resolves when it is healthy. Rejects with LAB_TIMED_OUT, naming
 * what is not well, when it does not become so.
 */
export async function startSimLab(options: Partial<LabOptions> = {}): Promise<Lab> {
  const full: LabOptions = { ftds: 1, region: 'us', internet: 'direct', seed: 1, traffic: DEFAULT_TRAFFIC, ...options }
  const sim = createSim({ seed: full.seed, startMs: START_MS })
  try {
    const estate = await sim.run(() => startEstate(sim, full))
    const lab = labOf(sim, estate, full, { run: (work) => sim.run(work), pass: (durationMs) => sim.advance(durationMs) })
    await untilHealthy(lab, full)
    return lab
  } catch (error) {
    await sim.close()
    throw error
  }
}

/** Where lab time starts in a lab that must be the same every time: a Monday morning. */
const START_MS = Date.UTC(2026, 0, 5, 8)

/** Waits, in lab time, until every host is healthy and the cloud has an event of every device that sees traffic. */
export async function untilHealthy(lab: Lab, options: LabOptions): Promise<void> {
  const endMs = lab.now() + HEALTHY_WITHIN_MS
  for (;;) {
    const waitingFor = await missing(lab, options)
    if (waitingFor.length === 0) return
    if (lab.now() >= endMs) throw new LabError('LAB_TIMED_OUT', `the lab did not become healthy: ${waitingFor.join('; ')}`)
    await lab.pass(LOOK_EVERY_MS)
  }
}

/** What keeps a lab from being healthy, in words. */
export async function missing(
  lab: Pick<Lab, 'hosts' | 'request' | 'region' | 'now'>,
  options: Pick<LabOptions, 'traffic'>,
): Promise<string[]> {
  const hosts = await lab.hosts()
  const unwell = hosts.filter((host) => !host.healthy).flatMap(describeUnwell)
  if (unwell.length > 0) return unwell
  let stored: ReadonlySet<string>
  try {
    stored = new Set((await cloudEventCounts(lab)).filter((count) => count.stored > 0).map((count) => count.deviceName))
  } catch (error) {
    if (error instanceof CloudError) return [error.message]
    throw error
  }
  return hosts
    .filter(
      (host) => host.kind === 'ftd' && options.traffic(host.name).some(({ ratePerSecond }) => ratePerSecond > 0) && !stored.has(host.name),
    )
    .map((host) => `no event of ${host.name} is in the cloud yet`)
}

function describeUnwell(host: HostStatus): string[] {
  return host.waitingFor.map((what) => `${host.name}: ${what}`)
}
