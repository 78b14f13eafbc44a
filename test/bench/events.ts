import { eventFloors } from './events/floors.ts'
import { transfer } from './events/transfer.ts'
import type { Benchmark } from './measurement.ts'

/** Events from a device's log into the cloud's database and the acknowledgement back, over separate processes. */
export const bench: Benchmark = async ({ quick }) => {
  const events = quick ? 2_000 : 500_000
  const floors = await eventFloors(quick ? 2_000 : 100_000)
  const { realMs, lost, doubled, repeated } = await transfer({ events, speed: 1 })
  const measured = {
    value: events / (realMs / 1_000),
    unit: 'events/s',
    budget: { limit: 20_000, is: 'least' },
  } as const
  return [
    {
      ...measured,
      what: `${events} events, EventHandler to store and back, separate processes (${repeated} came twice and were dropped)`,
      floor: { what: 'the same batches into a bare SQLite file', value: floors.insert },
      lost,
      doubled,
    },
    { ...measured, what: 'the same', floor: { what: 'the same batches over a bare TLS WebSocket, answered', value: floors.echo } },
  ]
}
