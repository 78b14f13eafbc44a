import { HealthModuleId, type HealthReport } from '../../../../shared/contract/sftunnel.ts'
import type { Program } from '../../../../shared/kernel/processes.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { HEALTH_POLICY } from '../../paths.ts'
import { readHealthPolicy } from '../../settings.ts'
import { reportHealth } from '../../sftunnel-client.ts'
import { createBell } from '../../waiting.ts'
import { MODULES } from './modules.ts'

/** The first run comes so long after the start: a device that is just coming up has no reason to raise alerts. (invented) */
const FIRST_RUN_MS = 60_000

/** The health monitor: runs the policy's modules at its interval (public P25), and at once when the policy changes (invented), and reports to the manager. */
export const hmdaemon: Program = async (world, { signal }) => {
  const bell = createBell()
  try {
    await world.clock.sleep(FIRST_RUN_MS, signal)
    using _policy = world.files.watch(HEALTH_POLICY, () => bell.ring())
    for (;;) {
      const { runIntervalMs, modules } = await readHealthPolicy(world)
      await report(world, await runModules(world, modules, signal), signal)
      using _next = world.clock.after(runIntervalMs, () => bell.ring())
      await bell.rung(signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    return 0
  }
}

async function runModules(world: World, switches: Partial<Record<HealthModuleId, boolean>>, signal: AbortSignal): Promise<HealthReport[]> {
  const reports: HealthReport[] = []
  for (const module of HealthModuleId.options) {
    const isOn = switches[module] ?? true
    reports.push({
      module,
      ...(isOn ? await MODULES[module](world, signal) : { status: 'DISABLED' as const, description: '', details: '' }),
    })
  }
  return reports
}

async function report(world: World, reports: readonly HealthReport[], signal: AbortSignal): Promise<void> {
  try {
    await reportHealth(world, reports, signal)
  } catch (error) {
    signal.throwIfAborted()
    // sftunnel is down; the next run reports again.
    world.log.debug('health reports were not taken', { error: String(error) })
  }
}
