import { EVENT_LOG } from '../../../shared/contract/event.ts'
import { eventBooks, lostEvents, type EventBooks } from '../../../shared/scenario/event-books.ts'
import { cloudEventCounts } from '../../../shared/scenario/cloud-client.ts'
import type { HostInfo, Lab } from '../../../shared/scenario/lab.ts'
import type { EventCount } from './schemas.ts'

/** What became of every device's events: the device's own books against the cloud's. */
export async function countEvents(lab: Lab, hosts: readonly HostInfo[]): Promise<EventCount[]> {
  const ftds = hosts.filter((host) => host.kind === 'ftd')
  // The devices are asked first: what they were told is stored must be in the cloud's later answer.
  const books = await Promise.all(ftds.map(async ({ name }) => [name, await booksOf(lab, name)] as const))
  const counts = new Map((await cloudEventCounts(lab)).map((count) => [count.deviceName, count]))
  return books.map(([device, { detected, ...done }]) => {
    const { stored = 0, repeated = 0 } = counts.get(device) ?? {}
    return { device, stored, waiting: Math.max(0, detected - done.acknowledged), lost: lostEvents(done, stored), repeated }
  })
}

interface Books extends EventBooks {
  /** Lines of the event log. */
  readonly detected: number
}

async function booksOf(lab: Lab, device: string): Promise<Books> {
  const done = await eventBooks(lab, device)
  const lines = await lab.exec(device, `grep -c "" ${EVENT_LOG}`, { shell: 'root' })
  return { ...done, detected: Number.parseInt(lines.stdout, 10) || 0 }
}
