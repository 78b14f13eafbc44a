import { basename, dirname } from 'node:path'
import { afterEach } from 'vitest'
import { EVENT_LOG, EVENT_STATE, EventState, type EventType } from '../../../shared/contract/event.ts'
import { ACK_SOCKET, EVENT_SOCKET, IngestBatch } from '../../../shared/contract/ingest.ts'
import type { Child, Program } from '../../../shared/kernel/processes.ts'
import { seededRandom } from '../../../shared/kernel/seeded-random.ts'
import { createSim, type Sim } from '../../../shared/sim/sim.ts'
import { makeEvent } from '../../../services/ftd/events.ts'
import { CLOUD_SETTINGS } from '../../../services/ftd/paths.ts'
import { createEventHandler } from '../../../services/ftd/processes/event-handler.ts'
import { cloudOn } from './fake-estate.ts'

const sims: Sim[] = []
afterEach(async () => {
  for (const sim of sims.splice(0)) await sim.close()
})

/** A device with nothing but EventHandler, and a connector of the test's own. */
export async function eventBench(eventHandler: Program = createEventHandler()) {
  const sim = createSim({ seed: 3 })
  sims.push(sim)
  const host = sim.addHost({
    name: 'ftd1',
    interfaces: [{ name: 'eth0', address: '192.0.2.27', netmask: '255.255.255.0' }],
    programs: { '/EventHandler': eventHandler, '/connector': async (world, { signal }) => connectorOf(world, signal) },
  })
  const { world } = host
  const stored = new Set<number>()
  /** Events by their numbers, as they were when they first came. */
  const contents = new Map<number, string>()
  const mixedUp: number[] = []
  const batches: IngestBatch[] = []
  const cloud = { acknowledges: true }
  const dice = seededRandom(5)

  async function connectorOf(own: typeof world, signal: AbortSignal): Promise<number> {
    const events = await own.ipc.connectPull(EVENT_SOCKET)
    const acks = await own.ipc.connectPush(ACK_SOCKET)
    signal.addEventListener('abort', () => void events[Symbol.asyncDispose]())
    for await (const [frame] of events) {
      const batch = IngestBatch.parse(JSON.parse(String(frame)))
      if (!cloud.acknowledges) continue
      batches.push(batch)
      for (const { number, event } of batch.events) {
        stored.add(number)
        const text = JSON.stringify(event)
        if ((contents.get(number) ?? text) !== text) mixedUp.push(number)
        contents.set(number, text)
      }
      await acks.send([JSON.stringify({ first: batch.first, ack: batch.last })])
    }
    return 0
  }

  await sim.run(async () => {
    await world.files.makeDir('/ngfw/var/sf/run')
    await world.files.write(CLOUD_SETTINGS, JSON.stringify(cloudOn()))
  })
  const start = (path: string): Promise<Child> =>
    sim.run(async () => {
      const child = await world.processes.spawn(path)
      await world.clock.sleep(0)
      return child
    })
  const line = (type: EventType = 'intrusion') => `${JSON.stringify(makeEvent(type, dice, sim.clock.now(), 'uuid'))}\n`
  return {
    sim,
    world,
    stored,
    contents,
    mixedUp,
    batches,
    cloud,
    start,
    line,
    append: (...lines: string[]) => world.files.append(EVENT_LOG, lines.join('')),
    /** The names of the log and its parts. */
    parts: async () =>
      (await world.files.list(dirname(EVENT_LOG))).map(({ name }) => name).filter((name) => name.startsWith(basename(EVENT_LOG))),
    state: async () => EventState.parse(JSON.parse((await world.files.read(EVENT_STATE)).toString())),
  }
}

export const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
