import { EVENT_LOG, eventSegment, type EventState } from '../../../shared/contract/event.ts'
import { exists, removeIfThere, unlessMissing } from '../../../shared/host/optional-files.ts'
import type { World } from '../../../shared/kernel/world.ts'

const NEWLINE = 10

/**
 * The event log for who reads it: the file that others append to or, when that was set aside, the segment that it became, until that is read. The segment before is
 * kept until the next one is set aside, for whoever opened the log just before and wrote just after. (invented, after unified2's one file after the other)
 */
export interface EventLog {
  /** Number of the first event in the file that is read. */
  readonly first: number
  readonly before: EventState['before']
  /** Whether a segment is read that was set aside. */
  readonly isAside: boolean
  /** Reads up to `length` bytes at `offset`; an empty buffer at the end, and when there is no file. */
  readAt(offset: number, length: number): Promise<Buffer>
  /** In bytes; 0 when there is no file. */
  size(): Promise<number>
  /** Another file is in the log's place, and its first event has this number. */
  replaced(first: number): void
  /** Removes the segment before. Whole lines that came too late for it are appended to the log: they are events like any other. */
  forget(): Promise<void>
  /** Sets the log aside and begins a new one, for the writers; the segment is what is read. Rejects as rename does. */
  setAside(): Promise<void>
  /** What the books must say before the log is read again, from its start, behind a segment of which `bytes` were read. */
  following(first: number, bytes: number): Required<Pick<EventState, 'first' | 'offset' | 'before'>>
  /** Reads the log again. */
  follow(next: Pick<EventState, 'first' | 'before'>): void
}

/** Finds the file that the books speak of. */
export async function openEventLog(world: World, start: Pick<EventState, 'first' | 'before'>): Promise<EventLog> {
  const { files, log } = world
  let { first, before } = start
  // Killed between setting aside and following: what the books say is about the segment.
  let isAside = await exists(files, eventSegment(first))
  const path = () => (isAside ? eventSegment(first) : EVENT_LOG)

  return {
    get first() {
      return first
    },
    get before() {
      return before
    },
    get isAside() {
      return isAside
    },
    readAt: async (offset, length) => (await unlessMissing(files.readAt(path(), offset, length))) ?? Buffer.alloc(0),
    size: async () => (await unlessMissing(files.stat(path())))?.size ?? 0,
    replaced(next) {
      first = next
    },
    async forget() {
      if (before === undefined) return
      const segment = eventSegment(before.first)
      const size = (await unlessMissing(files.stat(segment)))?.size ?? 0
      if (size > before.bytes) {
        const late = await files.readAt(segment, before.bytes, size - before.bytes)
        log.warn('events came into a part of the event log that was set aside already', { segment, bytes: late.length })
        await files.append(EVENT_LOG, late.subarray(0, late.lastIndexOf(NEWLINE) + 1))
      }
      await removeIfThere(files, segment)
      before = undefined
    },
    async setAside() {
      await files.rename(EVENT_LOG, eventSegment(first))
      isAside = true
      await files.append(EVENT_LOG, '')
    },
    following: (next, bytes) => ({ first: next, offset: 0, before: { first, bytes } }),
    follow(next) {
      first = next.first
      before = next.before
      isAside = false
    },
  }
}
