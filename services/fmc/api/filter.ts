import { oneOf } from '../../../shared/kernel/errors.ts'
import type { Call } from './call.ts'
import { inputMismatch } from './errors.ts'

/** A parsed `filter`: each name with its values, in lower case when they are not ids. */
export interface Filter {
  /** Whether this value passes what the filter says of `name`; true when it says nothing. Case does not matter. */
  allows(name: string, value: string): boolean
  /** The single value of a name, or undefined. */
  value(name: string): string | undefined
}

/**
 * Parses `filter=name:value[,value];name:value;` (public P22; one client ends it with a semicolon). Throws 400 for what is not of this form and for
 * names that are not in `names`.
 */
export function parseFilter(call: Call, names: readonly string[]): Filter {
  const values = new Map<string, readonly string[]>()
  for (const part of (call.query('filter') ?? '').split(';')) {
    if (part.trim() === '') continue
    const colon = part.indexOf(':')
    const name = part.slice(0, colon).trim()
    if (colon < 0 || !names.includes(name))
      throw inputMismatch(`filter: write name:value[,value][;…] with names of ${oneOf(names)}, not ${part}`)
    values.set(
      name,
      part
        .slice(colon + 1)
        .split(',')
        .map((value) => value.trim().toLowerCase()),
    )
  }
  return {
    allows: (name, value) => values.get(name)?.includes(value.toLowerCase()) ?? true,
    value: (name) => values.get(name)?.[0],
  }
}

/** The filter of `health/alerts` and `health/events` (public P22). */
export interface HealthFilter {
  /** `moduleIDs:all`: one item a module and device. */
  readonly latestOnly: boolean
  allows(item: { readonly deviceId: string; readonly moduleId: string; readonly status: string; readonly atMs: number }): boolean
}

/** Parses `startTime:<s>;endTime:<s>;deviceUUIDs:<list>;status:<list>;moduleIDs:<list>`. Throws 400; start and end must be given together (public). */
export function parseHealthFilter(call: Call, statuses: readonly string[]): HealthFilter {
  const filter = parseFilter(call, ['startTime', 'endTime', 'deviceUUIDs', 'status', 'moduleIDs'])
  const startMs = seconds(filter, 'startTime')
  const endMs = seconds(filter, 'endTime')
  if ((startMs === undefined) !== (endMs === undefined)) throw inputMismatch('filter: startTime and endTime must be given together')
  const status = filter.value('status')
  if (status !== undefined && !statuses.some((known) => known.toLowerCase() === status)) {
    throw inputMismatch(`filter: status must be one of ${oneOf(statuses)}`)
  }
  const allModules = filter.allows('moduleIDs', 'all') && filter.value('moduleIDs') !== undefined
  return {
    latestOnly: allModules,
    allows: (item) =>
      filter.allows('deviceUUIDs', item.deviceId) &&
      filter.allows('status', item.status) &&
      (allModules || filter.allows('moduleIDs', item.moduleId)) &&
      (startMs === undefined || (item.atMs >= startMs && Math.floor(item.atMs / 1_000) * 1_000 <= endMs!)),
  }
}

function seconds(filter: Filter, name: string): number | undefined {
  const text = filter.value(name)
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text)) throw inputMismatch(`filter: ${name} must be seconds since 1970, not ${text}`)
  return Number(text) * 1_000
}
