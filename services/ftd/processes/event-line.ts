import { EventType, type DeviceEvent } from '../../../shared/contract/event.ts'

const TYPES: ReadonlySet<unknown> = new Set(EventType.options)

/**
 * A line of the event log as a `DeviceEvent`, or undefined when it is none. Says exactly what the schema says, at a twentieth of its cost: the cloud would refuse a
 * whole batch for one line that slips through here.
 */
export function parseEventLine(line: string): DeviceEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isObject(value)) return undefined
  const { type, id, time, fields } = value
  const isEvent =
    TYPES.has(type) &&
    Number.isInteger(id) &&
    (id as number) >= 430001 &&
    (id as number) <= 430005 &&
    Number.isFinite(time) &&
    isObject(fields) &&
    Object.keys(value).length === 4 &&
    Object.values(fields).every((field) => typeof field === 'string' || Number.isFinite(field))
  return isEvent ? (value as unknown as DeviceEvent) : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
