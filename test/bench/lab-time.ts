import { cloudEventCounts } from '../../shared/scenario/cloud-client.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import { startSimLab } from '../../services/lab/sim-lab.ts'
import { batchText, eventLines } from './floors/events.ts'
import { sqliteInsert } from './floors/sqlite-insert.ts'
import { tlsEcho } from './floors/tls-echo.ts'
import { tlsPair } from './floors/tls-pair.ts'
import { timed, type Benchmark } from './measurement.ts'

const FTDS = 10
const ACK_BYTES = '{"first":1000,"ack":1000}'.length
/** Lab time passes in such pieces; the real time is looked at between them. */
const PIECE_MS = 60_000

/** How fast lab time passes with 10 FTDs at one event a second each. */
export const bench: Benchmark = async ({ quick }) => {
  const atLeastMs = quick ? 1 : 20_000
  await using lab = await startSimLab({ ftds: FTDS, seed: 1 })
  await lab.pass(PIECE_MS)
  const before = await storedNow(lab)
  const startedMs = lab.now()
  let realMs = 0
  while (realMs < atLeastMs) realMs += await timed(() => lab.pass(PIECE_MS))
  const labS = (lab.now() - startedMs) / 1_000
  const { stored, missing } = difference(before, await storedNow(lab), labS)
  const floorMs = await floor(quick ? 10 : 2_000)
  return [
    {
      what: `lab seconds per real second, ${FTDS} FTDs at 1 event/s each (${stored} events in ${labS} s of lab time)`,
      value: labS / (realMs / 1_000),
      unit: 'x',
      budget: { limit: 500, is: 'least' },
      floor: { what: 'the same messages and answers over bare TLS, and the same rows into bare SQLite', value: 1_000 / floorMs },
      lost: missing,
      doubled: stored + missing - FTDS * labS,
    },
  ]
}

type Stored = ReadonlyMap<string, number>

async function storedNow(lab: Lab): Promise<Stored> {
  return new Map((await cloudEventCounts(lab)).map(({ deviceName, stored }) => [deviceName, stored]))
}

/** How many events came in between, and how many should have and did not: one a second and device. */
function difference(before: Stored, after: Stored, labS: number): { stored: number; missing: number } {
  const counts = [...after].map(([device, stored]) => stored - (before.get(device) ?? 0))
  return {
    stored: counts.reduce((sum, count) => sum + count, 0),
    missing: counts.reduce((sum, count) => sum + Math.max(0, labS - count), 0),
  }
}

/** Milliseconds for what must happen in a second of lab time. */
async function floor(seconds: number): Promise<number> {
  using database = sqliteInsert(':memory:')
  const echoes: ReturnType<typeof tlsEcho>[] = []
  while (echoes.length < FTDS) echoes.push(tlsEcho(await tlsPair('cloud'), ACK_BYTES))
  const lines = eventLines(seconds)
  const messages = lines.map((line, index) => Buffer.from(batchText([line], index + 1)))
  const realMs = await timed(async () => {
    for (const [second, message] of messages.entries()) {
      await Promise.all(echoes.map((echo) => echo(message)))
      database.insert(echoes.map((_, device) => [device, second, lines[second]!]))
    }
  })
  return realMs / seconds
}
