import { seededRandom } from '../../../shared/kernel/seeded-random.ts'
import { makeEvent } from '../../../services/ftd/index.ts'

/** Lines of an event log as a device's detection engine writes them: an intrusion event each. */
export function eventLines(count: number): string[] {
  const random = seededRandom('bench')
  return Array.from({ length: count }, () =>
    JSON.stringify(makeEvent('intrusion', random, 1_767_600_000_000, '0b1c2d3e-0000-4000-8000-000000000001')),
  )
}

/** The text of a batch as it goes over the WebSocket. */
export function batchText(lines: readonly string[], first: number): string {
  const events = lines.map((line, index) => `{"number":${first + index},"event":${line}}`)
  return `{"first":${first},"last":${first + lines.length - 1},"events":[${events.join(',')}]}`
}
