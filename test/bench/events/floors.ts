import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchText, eventLines } from '../floors/events.ts'
import { sqliteInsert, type Row } from '../floors/sqlite-insert.ts'
import { wsEcho } from '../floors/ws-echo.ts'
import { timed } from '../measurement.ts'

/** What EventHandler puts into a batch. */
const BATCH = 200

/** Events a second through nothing but a WebSocket over TLS, and into nothing but an SQLite file, in the same batches. */
export async function eventFloors(events: number): Promise<{ readonly echo: number; readonly insert: number }> {
  const lines = eventLines(BATCH)
  const starts = Array.from({ length: Math.ceil(events / BATCH) }, (_, index) => 1 + index * BATCH)
  const echoMs = await wsEcho(starts.map((first) => batchText(lines, first)))
  const fields = lines.map((line) => JSON.stringify((JSON.parse(line) as { fields: unknown }).fields))
  const folder = mkdtempSync(join(tmpdir(), 'ftdlab-bench-'))
  try {
    using database = sqliteInsert(join(folder, 'floor.sqlite'))
    const insertMs = await timed(() => {
      for (const first of starts) database.insert(fields.map((text, index): Row => [1, first + index, text]))
    })
    const perSecond = (realMs: number) => (starts.length * BATCH) / (realMs / 1_000)
    return { echo: perSecond(echoMs), insert: perSecond(insertMs) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
