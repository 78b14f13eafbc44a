import { EventType } from '../../../shared/contract/event.ts'

// By hand, because it runs for every event: zod would take as long as storing does. A test holds it to `IngestBatch`.

const TYPES: ReadonlySet<unknown> = new Set(EventType.options)
const LOWEST_ID = 430_001
const HIGHEST_ID = 430_005

/** What is wrong with a batch, in words, or undefined when it is an `IngestBatch` whose events lie within `first` and `last`. */
export function batchProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'a batch is an object'
  const { first, last, events } = value
  if (!isNumber(first)) return 'first is a whole number from 1'
  if (!isNumber(last)) return 'last is a whole number from 1'
  if (last < first) return 'last is not below first'
  if (!Array.isArray(events)) return 'events is a list'
  for (const [index, item] of events.entries()) {
    const problem = eventProblem(item, first, last)
    if (problem !== undefined) return `events[${index}]: ${problem}`
  }
  return undefined
}

function eventProblem(item: unknown, first: number, last: number): string | undefined {
  if (!isObject(item)) return 'an event is an object'
  const { number, event } = item
  if (!isNumber(number)) return 'number is a whole number from 1'
  if (number < first || number > last) return 'number lies from first to last'
  if (!isObject(event)) return 'event is an object'
  for (const key in event) {
    if (key !== 'type' && key !== 'id' && key !== 'time' && key !== 'fields') return `event knows no ${key}`
  }
  if (!TYPES.has(event['type'])) return `type is one of ${EventType.options.join(', ')}`
  const id = event['id']
  if (!Number.isInteger(id) || (id as number) < LOWEST_ID || (id as number) > HIGHEST_ID)
    return `id lies from ${LOWEST_ID} to ${HIGHEST_ID}`
  if (!Number.isFinite(event['time'])) return 'time is a number'
  const fields = event['fields']
  if (!isObject(fields)) return 'fields is an object'
  for (const key in fields) {
    const field = fields[key]
    if (typeof field !== 'string' && !Number.isFinite(field)) return `fields.${key} is a text or a number`
  }
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
