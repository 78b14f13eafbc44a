import { EVENT_STATE, EventState } from '../../../shared/contract/event.ts'
import { cloudEventCounts } from '../../../shared/scenario/cloud-client.ts'
import type { HostInfo, Lab } from '../../../shared/scenario/lab.ts'
import type { EventCount } from './schemas.ts'

/** What became of every device's events: the device's own books against the cloud's. */
export async function countEvents(lab: Lab, hosts: readonly HostInfo[]): Promise<EventCount[]> {
  const ftds = hosts.filter((host) => host.kind === 'ftd')
  // The devices are asked first: what they were told is stored must be in the cloud's later answer.
  const books = await Promise.all(ftds.map(async ({ name }) => [name, await booksOf(lab, name)] as const))
  const counts = new Map((await cloudEventCounts(lab)).map((count) => [count.deviceName, count]))
  return books.map(([device, { seen, acknowledged, skipped }]) => {
    const { stored = 0, repeated = 0 } = counts.get(device) ?? {}
    return { device, stored, waiting: Math.max(0, seen - acknowledged), lost: Math.max(0, acknowledged - skipped - stored), repeated }
  })
}

async function booksOf(lab: Lab, device: string): Promise<Pick<EventState, 'seen' | 'acknowledged' | 'skipped'>> {
  const file = await lab.exec(device, `cat ${EVENT_STATE}`, { shell: 'root' })
  // There is no file before EventHandler has run.
  return file.exitCode === 0 ? EventState.parse(JSON.parse(file.stdout)) : { seen: 0, acknowledged: 0, skipped: 0 }
}
