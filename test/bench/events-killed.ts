import { PROCESSES, until, type Pipeline } from './events/pipeline.ts'
import { transfer } from './events/transfer.ts'
import type { Benchmark } from './measurement.ts'

const KILL_EVERY_MS = 1_000
/** The waits of the emulated software (redials, resends) are so much shorter than on an appliance, which would be mostly waiting. */
const SPEED = 20
/** Real time in which something must be acknowledged after a restart. */
const PROGRESS_LIMIT_MS = 60_000

/** The same as `events` while EventHandler, connector and cloud are killed with SIGKILL in turn, each when events flow again after the one before. */
export const bench: Benchmark = async ({ quick }) => {
  const events = quick ? 2_000 : 500_000
  let kills = 0
  const killInTurn = async (pipeline: Pipeline, isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      const acknowledged = await pipeline.acknowledged()
      await new Promise((resolve) => setTimeout(resolve, quick ? 0 : KILL_EVERY_MS))
      const look = async () => isDone() || (await pipeline.acknowledged()) > acknowledged || undefined
      await until('events flow again after a kill', look, PROGRESS_LIMIT_MS)
      if (!isDone()) await pipeline.killAndRestart(PROCESSES[kills++ % PROCESSES.length]!)
    }
  }
  const { realMs, lost, doubled, repeated } = await transfer({ events, speed: SPEED, meanwhile: killInTurn })
  return [
    {
      what: `${events} events while EventHandler, connector and cloud were killed in turn, ${kills} times (${repeated} came twice and were dropped)`,
      value: events / (realMs / 1_000),
      unit: 'events/s',
      lost,
      doubled,
    },
  ]
}
