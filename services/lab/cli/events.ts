import { readFileSync, statSync } from 'node:fs'
import type { DeviceEvent, EventType } from '../../../shared/contract/event.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import type { ClockReport, DeviceIdentity, EventPage, StoredEvent } from '../api/schemas.ts'
import { parseEvents, type Problem } from '../events/parse.ts'
import { routeEvents } from '../events/route.ts'
import { reasonOf } from '../state/folder.ts'
import { runningLab, type LabClient } from './client.ts'
import { complain, print, printJson, printTable, timeText } from './print.ts'

const MOST_BYTES = 64 * 1024 * 1024
/** Events in one request. */
const BATCH = 1_000
const MOST_PROBLEMS_SHOWN = 20
const SHOWN_UNLESS_TOLD = 20
const PAGE = 1_000

/** `ftdlab events send`: has a device see events of a type, made up. */
export async function eventsSend(device: string, options: { readonly type: EventType; readonly count: number }): Promise<number> {
  const { call } = await runningLab()
  const { sent } = await call<{ sent: number }>('POST', `/api/hosts/${encodeURIComponent(device)}/events`, options)
  print(`${sent} ${options.type} event${sent === 1 ? '' : 's'} from ${device}`)
  return 0
}

/** `ftdlab events replay`: sends what a file has; exits 1 when a line of it was malformed, after the good ones are sent. */
export async function eventsReplay(
  file: string,
  options: { readonly device?: string; readonly format?: 'syslog' | 'json' },
): Promise<number> {
  const text = readEventFile(file)
  const lab = await runningLab()
  const [devices, { now }] = await Promise.all([
    lab.call<DeviceIdentity[]>('GET', '/api/devices'),
    lab.call<ClockReport>('GET', '/api/clock'),
  ])
  const { events, problems } = parseEvents(text, { format: options.format, receivedMs: now })
  const routed = routeEvents(events, devices, options.device ?? 'ftd1')
  for (const [device, list] of routed) {
    await sendAll(lab, device, list)
    print(`${list.length} event${list.length === 1 ? '' : 's'} from ${device}`)
  }
  if (events.length === 0 && problems.length === 0) print(`there are no events in ${file}`)
  report(file, problems)
  return problems.length === 0 ? 0 : 1
}

async function sendAll({ call }: LabClient, device: string, events: readonly DeviceEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += BATCH) {
    await call('POST', `/api/hosts/${encodeURIComponent(device)}/events`, { events: events.slice(from, from + BATCH) })
  }
}

function report(file: string, problems: readonly Problem[]): void {
  for (const { line, reason } of problems.slice(0, MOST_PROBLEMS_SHOWN)) complain(`${file}:${line}: ${reason}`)
  const hidden = problems.length - MOST_PROBLEMS_SHOWN
  if (hidden > 0) complain(`… and ${hidden} more`)
  if (problems.length > 0) complain(`${problems.length} malformed line${problems.length === 1 ? '' : 's'} in ${file}; the others were sent`)
}

function readEventFile(file: string): string {
  try {
    if (file !== '-' && statSync(file).size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 1024 / 1024} MiB; split it`)
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new LabError('LAB_BAD_INPUT', `${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}

export interface EventsLsOptions {
  readonly device?: string
  readonly type?: EventType
  readonly last?: number
  readonly json?: boolean
}

/** `ftdlab events ls`: the events that the cloud has, oldest first; all of them as JSON, the last ones as a table, or as many as `last` says. */
export async function eventsLs(options: EventsLsOptions): Promise<number> {
  const { call } = await runningLab()
  const { json = false, last = json ? Number.POSITIVE_INFINITY : SHOWN_UNLESS_TOLD } = options
  const filter = new URLSearchParams({
    limit: String(PAGE),
    ...(options.device && { device: options.device }),
    ...(options.type && { type: options.type }),
  })
  let events: StoredEvent[] = []
  let total = 0
  for (let page: EventPage | undefined; page === undefined || page.next !== undefined;) {
    if (page?.next !== undefined) filter.set('after', page.next)
    page = await call<EventPage>('GET', `/api/events?${filter.toString()}`)
    total += page.items.length
    events = [...events, ...page.items].slice(last === Number.POSITIVE_INFINITY ? 0 : -last)
  }
  if (json) printJson(events)
  else if (total === 0) print('the cloud has no such events')
  else {
    printTable(
      ['device', 'number', 'type', 'time (UTC)', 'what'],
      events.map(({ device, number, type, time, fields }) => [device, String(number), type, timeText(time), summary(fields)]),
    )
    if (events.length < total) print(`the last ${events.length} of ${total}; --last N shows more, --json all`)
  }
  return 0
}

function summary(fields: DeviceEvent['fields']): string {
  const { SrcIP, DstIP, DstPort, Message, FileName, AccessControlRuleAction } = fields
  const flow = SrcIP === undefined ? '' : `${SrcIP} > ${DstIP ?? '?'}${DstPort === undefined ? '' : `:${DstPort}`}`
  return [flow, Message ?? FileName ?? AccessControlRuleAction ?? ''].join('  ').trim()
}
