import { z } from 'zod'

/** The event types that reach the cloud, with their syslog message ids. Source: domain facts 4.10 (public P40). */
export const EVENT_IDS = {
  intrusion: [430001],
  connection: [430002, 430003],
  file: [430004],
  malware: [430005],
} as const
export const EventType = z.enum(['intrusion', 'connection', 'file', 'malware'])
export type EventType = z.infer<typeof EventType>

/**
 * A security event as a device writes it to its event log (`EVENT_LOG`), one JSON object a line. `fields` carries the keys of the
 * security-event syslog. The line's position among all that the log ever held, from 1, is the event's number; it is not in the line.
 */
export const DeviceEvent = z.strictObject({
  type: EventType,
  /** The syslog message id, 430001 to 430005. */
  id: z.number().int().min(430001).max(430005),
  /** Epoch milliseconds, lab time. */
  time: z.number(),
  fields: z.record(z.string(), z.union([z.string(), z.number()])),
})
export type DeviceEvent = z.infer<typeof DeviceEvent>

/** Where a device's event log is. Invented (the real one is Snort's unified output). */
export const EVENT_LOG = '/ngfw/var/sf/eventlog/events.jsonl'
/** Where a part of the event log is that was set aside, by the number of its first event. Invented, after unified2's one file after the other. */
export function eventSegment(first: number): string {
  return `${EVENT_LOG}.${first}`
}
/** Where EventHandler keeps how far the cloud has acknowledged: an `EventState`. Invented. */
export const EVENT_STATE = '/ngfw/var/sf/eventlog/sse.state.json'

export const EventState = z.object({
  /** The highest number that the cloud has acknowledged or that was not meant for it. All lower ones are done too. */
  acknowledged: z.number().int().min(0),
  /** How many of those were not meant for the cloud (their type was not selected). */
  skipped: z.number().int().min(0),
  /** How many events the log has held in all, as far as EventHandler has read. */
  seen: z.number().int().min(0),
  /** The number of the first event in the file that is read: the log, or while there is one the segment of this number. */
  first: z.number().int().min(1),
  /** Byte offset in that file of the first event that is not acknowledged. */
  offset: z.number().int().min(0),
  /** The segment before that file, all of whose events are acknowledged: the number of its first one, and how many bytes they are. */
  before: z.object({ first: z.number().int().min(1), bytes: z.number().int().min(0) }).optional(),
})
export type EventState = z.infer<typeof EventState>
