import { DeviceEvent, EVENT_STATE, EventState } from '../../shared/contract/event.ts'
import { cloudDevices, cloudEventCounts, cloudEvents } from '../../shared/scenario/cloud-client.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import type { OpenLab } from './open-lab.ts'

const PAGE = 1_000
const SETTINGS = '/ngfw/etc/sf/cloud-settings.json'

/** How an event log compares with the cloud. All lists are empty when every selected event is there exactly once. */
export interface Delivery {
  /** How many events of the log are meant for the cloud. */
  readonly meant: number
  /** Numbers of events that the cloud does not have. */
  readonly missing: readonly number[]
  /** Numbers that the cloud has though they are not in the log or not meant for it, or has twice. */
  readonly surplus: readonly number[]
  /** Numbers of events that the cloud has with another content. */
  readonly altered: readonly number[]
}

interface Selection {
  readonly send: Readonly<Record<'intrusion' | 'file' | 'connection' | 'allConnections', boolean>>
}

/**
 * Compares all that was ever in a device's event log with what the cloud stored, event by event. Missing are those that the device believes to be stored: newer ones
 * may still be on their way (see `untilAcknowledged`).
 */
export async function compareDelivery(lab: OpenLab, device: string): Promise<Delivery> {
  const { acknowledged } = EventState.parse(JSON.parse(await readOnDevice(lab, device, EVENT_STATE)))
  const { send } = JSON.parse(await readOnDevice(lab, device, SETTINGS)) as Selection
  const lines = await lab.eventLines(device)
  const meant = new Map<number, DeviceEvent>()
  for (const [index, line] of lines.entries()) {
    const event = DeviceEvent.parse(JSON.parse(line))
    if (isMeant(event, send)) meant.set(index + 1, event)
  }
  const stored = await storedEvents(lab, device)
  const seen = new Set<number>()
  const surplus: number[] = []
  const altered: number[] = []
  for (const { number, type, id, time, fields } of stored) {
    const event = meant.get(number)
    if (event === undefined || seen.has(number)) surplus.push(number)
    else if (JSON.stringify({ type, id, time, fields }) !== JSON.stringify(event)) altered.push(number)
    seen.add(number)
  }
  return { meant: meant.size, missing: [...meant.keys()].filter((number) => number <= acknowledged && !seen.has(number)), surplus, altered }
}

/** Lets lab time pass until the device has an acknowledgement for every event that its log had at the call. Throws when that takes longer than `withinMs`. */
export async function untilAcknowledged(lab: OpenLab, device: string, withinMs: number): Promise<void> {
  const wanted = (await lab.eventLines(device)).length
  const endMs = lab.now() + withinMs
  for (;;) {
    const { acknowledged } = EventState.parse(JSON.parse(await readOnDevice(lab, device, EVENT_STATE)))
    if (acknowledged >= wanted) return
    if (lab.now() >= endMs) throw new Error(`after ${withinMs} ms only ${acknowledged} of ${wanted} events of ${device} are acknowledged`)
    await lab.pass(1_000)
  }
}

async function readOnDevice(lab: Lab, device: string, path: string): Promise<string> {
  const { stdout, exitCode, output } = await lab.exec(device, `cat ${path}`, { shell: 'root' })
  if (exitCode !== 0) throw new Error(output)
  return stdout
}

/** The manager's selection: high-priority connections unless all are asked for. */
function isMeant({ type, fields }: DeviceEvent, send: Selection['send']): boolean {
  if (type === 'connection') return send.allConnections || (send.connection && fields['EventPriority'] === 'High')
  return type === 'intrusion' ? send.intrusion : send.file
}

async function storedEvents(lab: Lab, device: string) {
  // A device that was removed from the cloud meanwhile has its events there still.
  const ids = (await cloudDevices(lab)).filter(({ name }) => name === device).map(({ id }) => id)
  const counted = (await cloudEventCounts(lab)).filter(({ deviceName }) => deviceName === device).map(({ device: id }) => id)
  const events = []
  for (const id of new Set([...ids, ...counted])) {
    for (let after: string | undefined = '0'; after !== undefined;) {
      const page = await cloudEvents(lab, { device: id, after, limit: PAGE })
      events.push(...page.items)
      after = page.next
    }
  }
  return events
}
