import { openSyslog } from '../../../../shared/host/appliance-log.ts'
import type { Program } from '../../../../shared/kernel/processes.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { deleteContext, fetchContext } from '../../connector-client.ts'
import { readHostname } from '../../device.ts'
import { ACTION_QUEUE_LOG, CLOUD_SETTINGS, CONNECTOR_PROPERTIES } from '../../paths.ts'
import { readCloudSettings } from '../../settings.ts'
import { createBell } from '../../waiting.ts'
import { canConnect } from './can-connect.ts'
import { enroll, EnrollmentError, isSettled } from './enroll.ts'

/** After a failure soon again, then each time after twice as long, up to the limit. (invented) */
const PAUSE_MS = { afterSuccess: 300_000, afterFailure: 5_000, limit: 60_000 } as const

/** The log lines of a round that failed; none when all is as the manager wants it. */
type Complaint = string | undefined

/**
 * The action queue, as far as the cloud needs it: probes the region with curl (seed A), enrols the device when it is not enrolled, and takes the context away when the manager
 * switched the cloud off (inferred). A round at the start, every 5 minutes, more often after a failure, and when the settings change.
 */
export const actionQueueScrape: Program = async (world, { signal }) => {
  const log = openSyslog(world, ACTION_QUEUE_LOG, 'ActionQueueScrape.pl', () => readHostname(world.files))
  const bell = createBell()
  using _settings = world.files.watch(CLOUD_SETTINGS, () => bell.ring())
  using _properties = world.files.watch(CONNECTOR_PROPERTIES, () => bell.ring())
  let failures = 0
  try {
    for (;;) {
      const complaint = await round(world, signal)
      if (complaint !== undefined) log.write(complaint)
      failures = complaint === undefined ? 0 : failures + 1
      await pause(failures === 0 ? PAUSE_MS.afterSuccess : Math.min(PAUSE_MS.afterFailure * 2 ** (failures - 1), PAUSE_MS.limit))
    }
  } catch (error) {
    if (!signal.aborted) throw error
    return 0
  } finally {
    await log.flushed()
  }

  async function pause(durationMs: number): Promise<void> {
    using _next = world.clock.after(durationMs, () => bell.ring())
    await bell.rung(signal)
  }
}

async function round(world: World, signal: AbortSignal): Promise<Complaint> {
  const settings = await readCloudSettings(world)
  if (settings === undefined) return undefined
  try {
    if (!settings.enabled) {
      if ((await fetchContext(world)) !== undefined) await deleteContext(world)
      return undefined
    }
    const failure = await canConnect(world, settings.region.fqdn, signal)
    if (failure !== undefined) return failure
    const context = await fetchContext(world)
    if (!(await isSettled(world, context))) await enroll(world, context, signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    return `[SF::SSE::Enrollment] ${error instanceof EnrollmentError ? 'enroll' : 'connector'}: ${reason}`
  }
}
