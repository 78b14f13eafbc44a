import { EVENT_LOG, eventSegment } from '../../../shared/contract/event.ts'
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
  /** Events that the event log has held in all. */
  readonly detected: number
}

async function booksOf(lab: Lab, device: string): Promise<Books> {
  const done = await eventBooks(lab, device)
  // The file that the books speak of is set aside meanwhile, or it is the log itself.
  const lines = await lab.exec(device, `grep -hsc "" ${eventSegment(done.first)} ${EVENT_LOG}`, { shell: 'root' })
  const counts = lines.stdout.split('\n').map((count) => Number.parseInt(count, 10) || 0)
  return { ...done, detected: done.first - 1 + counts.reduce((sum, count) => sum + count, 0) }
}
