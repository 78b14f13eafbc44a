import type { DatabaseSync } from 'node:sqlite'
import type { EventType } from '../../../shared/contract/event.ts'
import type { EventCounts, EventList } from '../../../shared/contract/sse.ts'
import type { Scope } from '../state.ts'

/** An event as it is stored. */
export interface EventRow {
  readonly number: number
  readonly type: EventType
  readonly id: number
  readonly time: number
  /** JSON text: while a batch waits, a text is less work for the garbage collector than an object. */
  readonly fields: string
}

export interface DeviceBatch {
  /** `Device.key`. */
  readonly device: number
  readonly events: readonly EventRow[]
}

export interface EventQuery {
  /** Device id. */
  readonly device?: string | undefined
  readonly type?: EventType | undefined
  /** `next` of the page before. */
  readonly after: number
  readonly limit: number
}

export interface Events {
  /**
   * Stores batches, of whichever devices, in one transaction: all of them or, when it throws SQLite's error, none. Repeats are counted and dropped, and so is what is
   * older than the newest events of the device that are kept.
   */
  store(batches: readonly DeviceBatch[], now: number): void
  /** Counts a connection that was ended for what the device sent on it. */
  reject(device: number): void
  /** A page: of one device by event number, of all devices in the order of storing. */
  page(scope: Scope, query: EventQuery): EventList
  /** A row for every device that is registered or has stored events. */
  counts(scope: Scope): EventCounts
}

type EventItem = EventList['items'][number]
type PageRow = Omit<EventItem, 'fields'> & { readonly cursor: number; readonly fields: string }
type CountRow = Omit<EventCounts['items'][number], 'lastStoredAt'> & { readonly lastStoredAt: number | null }

const EVENT_COLUMNS = 'd.id AS device, d.name AS deviceName, e.number, e.type, e.id, e.time, e.stored_at AS storedAt, e.fields'

/** After so many numbers of a device its old events are removed: a few at a time. */
const REMOVE_EVERY = 1_000

/** `kept`: of each device the events with its newest numbers, so many. */
export function createEvents(db: DatabaseSync, kept: number): Events {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const insert = db.prepare('INSERT OR IGNORE INTO events (device, number, type, id, time, stored_at, fields) VALUES (?, ?, ?, ?, ?, ?, ?)')
  const count = db.prepare(`
    UPDATE devices SET stored = stored + ?2, repeated = repeated + ?3, highest = max(highest, ?4),
      last_stored_at = iif(?2 > 0, ?5, last_stored_at) WHERE key = ?1`)
  const highestOf = db.prepare('SELECT highest FROM devices WHERE key = ?')
  const removeOld = db.prepare('DELETE FROM events WHERE device = ? AND number <= ?')
  const countRejected = db.prepare('UPDATE devices SET rejected = rejected + 1 WHERE key = ?')
  const pageOfAll = db.prepare(`
    SELECT e.rowid AS cursor, ${EVENT_COLUMNS} FROM events e JOIN devices d ON d.key = e.device
    WHERE d.region = ?1 AND d.org = ?2 AND e.rowid > ?3 AND (?4 IS NULL OR e.type = ?4) ORDER BY e.rowid LIMIT ?5`)
  const pageOfDevice = db.prepare(`
    SELECT e.number AS cursor, ${EVENT_COLUMNS} FROM devices d JOIN events e ON e.device = d.key
    WHERE d.region = ?1 AND d.org = ?2 AND d.id = ?6 AND e.number > ?3 AND (?4 IS NULL OR e.type = ?4) ORDER BY e.number LIMIT ?5`)
  const counts = db.prepare(`
    SELECT id AS device, name AS deviceName, stored, repeated, rejected, highest, last_stored_at AS lastStoredAt FROM devices
    WHERE region = ? AND org = ? AND (access_token IS NOT NULL OR stored > 0) ORDER BY key`)

  function storeOne({ device, events }: DeviceBatch, now: number): void {
    let stored = 0
    const { highest: before } = highestOf.get(device) as { highest: number }
    let highest = before
    for (const { number, type, id, time, fields } of events) {
      if (number <= before - kept) continue
      stored += insert.run(device, number, type, id, time, now, fields).changes as number
      if (number > highest) highest = number
    }
    count.run(device, stored, events.length - stored, highest, now)
    if (Math.trunc(highest / REMOVE_EVERY) > Math.trunc(before / REMOVE_EVERY)) removeOld.run(device, highest - kept)
  }

  return {
    store(batches, now) {
      begin.run()
      try {
        for (const batch of batches) storeOne(batch, now)
        commit.run()
      } catch (error) {
        // A full disk has SQLite roll back by itself.
        if (db.isTransaction) rollback.run()
        throw error
      }
    },
    reject: (device) => void countRejected.run(device),
    page(scope, { device, type, after, limit }) {
      const common = [scope.region, scope.orgId, after, type ?? null, limit + 1] as const
      const rows = (device === undefined ? pageOfAll.all(...common) : pageOfDevice.all(...common, device)) as unknown as PageRow[]
      const items = rows.slice(0, limit).map(toItem)
      return rows.length > limit ? { items, next: String(rows[limit - 1]!.cursor) } : { items }
    },
    counts(scope) {
      const rows = counts.all(scope.region, scope.orgId) as unknown as CountRow[]
      return { items: rows.map(({ lastStoredAt, ...row }) => (lastStoredAt === null ? row : { ...row, lastStoredAt })) }
    },
  }
}

function toItem({ device, deviceName, number, type, id, time, storedAt, fields }: PageRow): EventItem {
  return { device, deviceName, number, type, id, time, storedAt, fields: JSON.parse(fields) as EventItem['fields'] }
}
