import { EVENT_LOG } from '../../../shared/contract/event.ts'
import type { Program } from '../../../shared/kernel/processes.ts'
import { readDevice } from '../device.ts'
import { makeEvent } from '../events.ts'
import { ended } from '../waiting.ts'

/** Events are written at most so often, several at once when there are more. */
const SHORTEST_PAUSE_MS = 1_000

/** The detection engine, as far as the lab needs one: it writes made-up events to the event log at the device's configured rates. (invented) */
export const snort: Program = async (world, { signal }) => {
  const { traffic, uuid } = await readDevice(world.files)
  const sources = traffic
    .filter(({ ratePerSecond }) => ratePerSecond > 0)
    .map(({ type, ratePerSecond }) => ({ type, perMs: ratePerSecond / 1_000, due: 0 }))
  if (sources.length === 0) {
    await ended(signal)
    return 0
  }
  const random = world.random.stream('events')
  for (;;) {
    const pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.min(...sources.map(({ due, perMs }) => (1 - due) / perMs)))
    const beforeMs = world.clock.uptimeMs()
    await world.clock.sleep(pauseMs, signal)
    const elapsedMs = world.clock.uptimeMs() - beforeMs
    let lines = ''
    for (const source of sources) {
      source.due += source.perMs * elapsedMs
      // Floating point must not turn one event a second into none in this one and two in the next.
      for (; source.due >= 1 - 1e-9; source.due--) lines += `${JSON.stringify(makeEvent(source.type, random, world.clock.now(), uuid))}\n`
    }
    if (lines !== '') await world.files.append(EVENT_LOG, lines)
  }
}
