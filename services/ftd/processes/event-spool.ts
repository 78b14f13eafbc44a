import type { DeviceEvent } from '../../../shared/contract/event.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { parseEventLine } from './event-line.ts'
import type { EventLog } from './event-log.ts'

/** One batch holds at most so many events for the cloud … */
const MAX_EVENTS = 200
/** … accounts for at most so many lines … */
const MAX_LINES = 5_000
/** … and is at most about so long, unless a single event is longer. */
const MAX_BATCH_CHARACTERS = 1_000_000
/** How much of the log is read at once. */
const READ_BYTES = 262_144
/** A line longer than this is no event. */
const MAX_LINE_BYTES = 4_194_304
const NEWLINE = 10

/** A run of lines of the event log, ready for the cloud. */
export interface Batch {
  /** Number of its first event. */
  readonly first: number
  /** Number of its last event. */
  readonly last: number
  /** How many of them are not meant for the cloud, or are no events at all. */
  readonly skipped: number
  /** How many are meant for the cloud. */
  readonly events: number
  /** Byte offset in the file of what follows it. */
  readonly endOffset: number
  /** An `IngestBatch`; empty when nothing of it is meant for the cloud. */
  readonly text: string
}

/** Reads the event log line by line and cuts it into batches. The log itself is the spool: what has no acknowledgement is read again after a restart. */
export interface Spool {
  /** Reads on until the open batch is full or the log has no further whole line. */
  fill(meantForCloud: (event: DeviceEvent) => boolean): Promise<void>
  readonly isEmpty: boolean
  readonly isFull: boolean
  /** Takes the open batch and begins the next one. */
  cut(): Batch
  /** Number of the last event that was read. */
  readonly seen: number
  /** Byte offset in the file of what follows it. */
  readonly offset: number
  /** Begins at the start of the file that the log reads now. */
  rewind(): void
}

/** Reads the log behind the event with number `lastNumber`, which ends at byte `offset`. */
export function openSpool(world: World, log: EventLog, lastNumber: number, offset: number): Spool {
  let number = lastNumber
  /** Where in the log `unread` begins. */
  let unreadOffset = offset
  let unread: Buffer = Buffer.alloc(0)
  let first = number + 1
  let skipped = 0
  let events: string[] = []
  let characters = 0
  /** The beginning of the line at `unreadOffset` was dropped already, since it is longer than any event. */
  let isOverlong = false

  const isFull = () => events.length >= MAX_EVENTS || characters >= MAX_BATCH_CHARACTERS || number - first + 1 >= MAX_LINES

  /** Reads on and returns how much came; 0 at the end of the log. */
  async function readMore(): Promise<number> {
    const chunk = await log.readAt(unreadOffset + unread.length, READ_BYTES)
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk])
    return chunk.length
  }

  /** A log that is shorter than what was read of it is another one: somebody removed or emptied it. It is read from its start, and numbers go on. */
  async function noticeReplacement(): Promise<void> {
    if ((await log.size()) >= unreadOffset) return
    world.log.warn('the event log was replaced', { offset: unreadOffset, number })
    log.replaced(number + 1)
    rewind()
  }

  function rewind(): void {
    unreadOffset = 0
    unread = Buffer.alloc(0)
    isOverlong = false
  }

  function takeLine(end: number, meantForCloud: (event: DeviceEvent) => boolean): void {
    const line = unread.toString('utf8', 0, end)
    unread = unread.subarray(end + 1)
    unreadOffset += end + 1
    number++
    const event = isOverlong ? undefined : parseEventLine(line)
    isOverlong = false
    if (event === undefined) world.log.warn('a line of the event log is no event', { number, line: line.slice(0, 80) })
    if (event === undefined || !meantForCloud(event)) {
      skipped++
      return
    }
    const text = `{"number":${number},"event":${line}}`
    events.push(text)
    characters += text.length
  }

  return {
    async fill(meantForCloud) {
      let searched = 0
      let isAtEnd = false
      await noticeReplacement()
      while (!isFull()) {
        const end = unread.indexOf(NEWLINE, searched)
        if (end >= 0) {
          takeLine(end, meantForCloud)
          searched = 0
        } else {
          if (unread.length > MAX_LINE_BYTES) {
            isOverlong = true
            unreadOffset += unread.length
            unread = Buffer.alloc(0)
          }
          if (isAtEnd) return
          searched = unread.length
          isAtEnd = (await readMore()) < READ_BYTES
        }
      }
    },
    get isEmpty() {
      return number < first
    },
    get isFull() {
      return isFull()
    },
    cut() {
      const text = events.length === 0 ? '' : `{"first":${first},"last":${number},"events":[${events.join(',')}]}`
      const batch: Batch = { first, last: number, skipped, events: events.length, endOffset: unreadOffset, text }
      first = number + 1
      skipped = 0
      events = []
      characters = 0
      return batch
    },
    get seen() {
      return number
    },
    get offset() {
      return unreadOffset
    },
    rewind,
  }
}
