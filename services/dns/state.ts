import type { DnsOverride, DnsRecord } from '../../shared/contract/admin.ts'
import type { Records } from './answer.ts'
import type { Zone } from './zone.ts'

/** What the resolver knows now, and how an administrator changes it. */
export interface DnsState {
  readonly records: Records
  /** Newest first. */
  readonly overrides: readonly (DnsOverride & { readonly id: string })[]
  addOverride(override: DnsOverride): DnsOverride & { readonly id: string }
  /** False when there is no such override. */
  removeOverride(id: string): boolean
  putRecord(name: string, record: DnsRecord): void
  /** 0, 1, 2 … for each name by itself: how far its addresses are rotated in this answer. */
  readonly turnOf: (name: string) => number
}

/** A resolver's state that starts with a zone and no overrides. */
export function createDnsState(zone: Zone): DnsState {
  const records = new Map(Object.entries(zone))
  let overrides: DnsState['overrides'] = []
  let made = 0
  const turns = new Map<string, number>()
  return {
    records,
    get overrides() {
      return overrides
    },
    addOverride(override) {
      const added = { id: `override-${++made}`, ...override }
      overrides = [added, ...overrides]
      return added
    },
    removeOverride(id) {
      const before = overrides.length
      overrides = overrides.filter((override) => override.id !== id)
      return overrides.length < before
    },
    putRecord(name, record) {
      records.set(name, record)
    },
    turnOf(name) {
      const turn = turns.get(name) ?? 0
      turns.set(name, turn + 1)
      return turn
    },
  }
}
