import { DeviceEvent, EVENT_IDS, type EventType } from '../../../shared/contract/event.ts'
import { parseSyslogHeader } from './syslog-header.ts'
import { parseSyslogFields } from './syslog-fields.ts'

export interface ParseOptions {
  /** Without it each line is taken for what it looks like. */
  readonly format?: 'syslog' | 'json' | undefined
  /** When the lines are read, epoch ms: the time of events that name none, and the year of those that name none. */
  readonly receivedMs: number
}

/** An event and where it came from. */
export interface ParsedEvent {
  /** From 1. */
  readonly line: number
  /** The host that the syslog header names. */
  readonly host?: string
  readonly event: DeviceEvent
}

export interface Problem {
  /** From 1. */
  readonly line: number
  readonly reason: string
}

/** What one line is: an event without its line number, or why it is none. */
type Parsed = Omit<ParsedEvent, 'line'> | { readonly reason: string }

/** Longer than any real one (syslog over UDP ends at 64 KiB). */
const MOST_CHARACTERS = 65_536
/** With so many bad lines a file is no event file, and reading on would only fill memory. */
const MOST_PROBLEMS = 100_000

const TYPE_OF_ID: ReadonlyMap<number, EventType> = new Map(
  Object.entries(EVENT_IDS).flatMap(([type, ids]) => ids.map((id) => [id, type as EventType] as const)),
)

/**
 * Reads security events: the syslog of an FTD (message ids 430001 to 430005, public P40), with or without priority, timestamp and host, and JSON lines of the
 * shape of `DeviceEvent`. Empty lines are skipped. A line that is neither is a problem with its number and reason, and loses no other line. Never throws.
 */
export function parseEvents(text: string, options: ParseOptions): { events: ParsedEvent[]; problems: Problem[] } {
  const events: ParsedEvent[] = []
  const problems: Problem[] = []
  let number = 0
  for (const line of linesOf(text)) {
    number++
    if (line.trim() === '') continue
    const parsed = parseLine(line, options)
    if (!('reason' in parsed)) events.push({ line: number, ...parsed })
    else if (problems.length < MOST_PROBLEMS) problems.push({ line: number, reason: parsed.reason })
    else {
      problems.push({
        line: number,
        reason: `this and all that follows was not read: after ${MOST_PROBLEMS} malformed lines this is no event file`,
      })
      break
    }
  }
  return { events, problems }
}

function* linesOf(text: string): Iterable<string> {
  const start = text.startsWith('\uFEFF') ? 1 : 0
  for (let from = start; from <= text.length;) {
    const found = text.indexOf('\n', from)
    const end = found === -1 ? text.length : found
    yield text.slice(from, text[end - 1] === '\r' && end > from ? end - 1 : end)
    from = end + 1
  }
}

function parseLine(line: string, { format, receivedMs }: ParseOptions): Parsed {
  if (line.length > MOST_CHARACTERS) return { reason: `it has ${line.length} characters; an event has at most ${MOST_CHARACTERS}` }
  const kind = format ?? (line.trimStart().startsWith('{') ? 'json' : 'syslog')
  return kind === 'json' ? parseJson(line) : parseSyslog(line, receivedMs)
}

function parseJson(line: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return { reason: `it is not JSON: ${(error as Error).message}` }
  }
  const parsed = DeviceEvent.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { reason: issue!.path.length > 0 ? `${issue!.path.join('.')}: ${issue!.message}` : issue!.message }
  }
  const { id, type } = parsed.data
  if (TYPE_OF_ID.get(id) !== type) return { reason: `id ${id} is of type ${TYPE_OF_ID.get(id)}, not ${type}` }
  return { event: parsed.data }
}

/** `%FTD-6-430003:` and the spellings that occur: `%NGIPS-…`, and two dashes before the severity. */
const TAG = /%(?:FTD|NGIPS)-{1,2}([0-7])-(\d{6}):?[ \t]*/

function parseSyslog(line: string, receivedMs: number): Parsed {
  const tag = TAG.exec(line)
  if (tag === null) return { reason: 'it has no tag such as %FTD-6-430003:, and is not JSON' }
  const id = Number(tag[2])
  const type = TYPE_OF_ID.get(id)
  if (type === undefined) return { reason: `message ${id} is no security event (430001 to 430005)` }
  const header = parseSyslogHeader(line.slice(0, tag.index), receivedMs)
  if ('reason' in header) return header
  const fields = parseSyslogFields(line.slice(tag.index + tag[0].length))
  if (fields === undefined) return { reason: 'the text after the tag does not begin with a key and a value such as EventPriority: Low' }
  const time = timeOf(fields, header.timeMs ?? receivedMs)
  if (time === undefined) return { reason: `FirstPacketSecond is no time: ${String(fields['FirstPacketSecond']).slice(0, 100)}` }
  return { ...(header.host !== undefined && { host: header.host }), event: { type, id, time, fields } }
}

/** When an event happened: what it says itself before what the header says. Undefined when it says nonsense. */
function timeOf(fields: DeviceEvent['fields'], otherwiseMs: number): number | undefined {
  const said = fields['FirstPacketSecond']
  if (said === undefined) return otherwiseMs
  // Both an ISO time and seconds since 1970 occur.
  const ms = typeof said === 'number' ? said * 1_000 : Date.parse(said)
  return Number.isFinite(ms) ? ms : undefined
}
