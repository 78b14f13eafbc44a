import { DatabaseSync } from 'node:sqlite'
import { EVENT_LOG } from '../../../shared/contract/event.ts'
import { eventLines } from '../floors/events.ts'
import { startPipeline, until, type Pipeline } from './pipeline.ts'

/** So many different events; a longer log has them again and again, with numbers of their own. */
const DIFFERENT = 10_000
/** Real time that a transfer may take. */
const LIMIT_MS = 600_000

export interface Transfer {
  readonly realMs: number
  readonly lost: number
  readonly doubled: number
  /** Events that came again and were dropped. */
  readonly repeated: number
}

export interface TransferOptions {
  readonly events: number
  readonly speed: number
  /** Goes on during the transfer; `isDone` tells when it is over. */
  readonly meanwhile?: (pipeline: Pipeline, isDone: () => boolean) => Promise<void>
}

/** Takes a full event log of a device through its processes into the cloud's database: from the moment it may send until all is acknowledged. */
export async function transfer({ events, speed, meanwhile }: TransferOptions): Promise<Transfer> {
  await using pipeline = await startPipeline(speed)
  const { device } = pipeline
  for (let written = 0; written < events; written += DIFFERENT) {
    const lines = eventLines(Math.min(DIFFERENT, events - written))
    await device.files.append(EVENT_LOG, `${lines.join('\n')}\n`)
  }
  const startMs = performance.now()
  await pipeline.switchOn()
  let isDone = false
  const disturbed = meanwhile?.(pipeline, () => isDone)
  await until('all events are acknowledged', async () => ((await pipeline.acknowledged()) >= events ? true : undefined), LIMIT_MS)
  const realMs = performance.now() - startMs
  isDone = true
  await disturbed
  return { realMs, ...count(pipeline.databasePath, events) }
}

function count(databasePath: string, events: number): Omit<Transfer, 'realMs'> {
  const db = new DatabaseSync(databasePath, { readOnly: true })
  try {
    const one = (sql: string) => db.prepare(sql).get() as Record<string, number>
    const { rows, numbers } = one(
      `SELECT count(*) AS rows, count(DISTINCT number) AS numbers FROM events WHERE number BETWEEN 1 AND ${events}`,
    )
    const { others } = one(`SELECT count(*) AS others FROM events WHERE number NOT BETWEEN 1 AND ${events}`)
    const { repeated } = one('SELECT sum(repeated) AS repeated FROM devices')
    return { lost: events - numbers!, doubled: rows! - numbers! + others!, repeated: repeated! }
  } finally {
    db.close()
  }
}
