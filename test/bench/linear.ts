import { startFleet } from './devices.ts'
import { eventFloors } from './events/floors.ts'
import { transfer } from './events/transfer.ts'
import { handshakes } from './floors/tls-pair.ts'
import { timed, type Benchmark, type Measurement } from './measurement.ts'

/** Whether four times the work costs four times as much: the cost of one device and of one event with few and with many of them. */
export const bench: Benchmark = async ({ quick }) => {
  const fleets = quick ? [1, 4] : [100, 400]
  const logs = quick ? [500, 2_000] : [100_000, 400_000]
  const measurements: Measurement[] = []
  for (const devices of fleets) {
    const { realMs, handshakes: kinds } = await startFleet(devices)
    const floorMs = await timed(() => handshakes(kinds))
    measurements.push({
      what: `each of ${devices} FTDs, registered and connected`,
      value: realMs / devices,
      unit: 'ms',
      floor: { what: 'its TLS handshakes', value: floorMs / devices },
    })
  }
  for (const events of logs) {
    const floors = await eventFloors(events / 4)
    const { realMs, lost, doubled } = await transfer({ events, speed: 1 })
    measurements.push({
      what: `${events} events`,
      value: events / (realMs / 1_000),
      unit: 'events/s',
      floor: { what: 'the same batches into a bare SQLite file', value: floors.insert },
      lost,
      doubled,
    })
  }
  return measurements
}
