import { EVENT_LOG, EVENT_STATE, EventState } from '../../../shared/contract/event.ts'
import { cloudEventCounts } from '../../../shared/scenario/cloud-client.ts'
import type { HostInfo, Lab } from '../../../shared/scenario/lab.ts'
import type { EventCount } from './schemas.ts'

/** What became of every device's events: the device's own books against the cloud's. */
export async function countEvents(lab: Lab, hosts: readonly HostInfo[]): Promise<EventCount[]> {
  const ftds = hosts.filter((host) => host.kind === 'ftd')
  // The devices are asked first: what they were told is stored must be in the cloud's later answer.
  const books = await Promise.all(ftds.map(async ({ name }) => [name, await booksOf(lab, name)] as const))
  const counts = new Map((await cloudEventCounts(lab)).map((count) => [count.deviceName, count]))
  return books.map(([device, { detected, acknowledged, skipped }]) => {
    const { stored = 0, repeated = 0 } = counts.get(device) ?? {}
    return { device, stored, waiting: Math.max(0, detected - acknowledged), lost: Math.max(0, acknowledged - skipped - stored), repeated }
  })
}

interface Books {
  /** Lines of the event log. */
  readonly detected: number
  readonly acknowledged: number
  readonly skipped: number
}

async function booksOf(lab: Lab, device: string): Promise<Books> {
  const file = await lab.exec(device, `cat ${EVENT_STATE}`, { shell: 'root' })
  // There is no file before EventHandler has run.
  const { acknowledged, skipped } = file.exitCode === 0 ? EventState.parse(JSON.parse(file.stdout)) : { acknowledged: 0, skipped: 0 }
  const lines = await lab.exec(device, `grep -c "" ${EVENT_LOG}`, { shell: 'root' })
  return { detected: Number.parseInt(lines.stdout, 10) || 0, acknowledged, skipped }
}
