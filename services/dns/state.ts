import type { DnsOverride, DnsRecord } from '../../shared/contract/admin.ts'
import { entryList, type Entries } from '../../shared/host/admin-entries.ts'
import { createTurns, type IsTurn } from '../../shared/host/turns.ts'
import type { Records } from './answer.ts'
import type { Zone } from './zone.ts'

/** What the resolver knows now, and how an administrator changes it. */
export interface DnsState {
  readonly records: Records
  readonly overrides: Entries<DnsOverride>
  /** Whether a question that an override matches is one of those that it is for. */
  readonly isTurn: IsTurn
  putRecord(name: string, record: DnsRecord): void
  /** 0, 1, 2 … for each name by itself: how far its addresses are rotated in this answer. */
  readonly turnOf: (name: string) => number
}

/** A resolver's state that starts with a zone and no overrides. */
export function createDnsState(zone: Zone): DnsState {
  const records = new Map(Object.entries(zone))
  const turns = new Map<string, number>()
  return {
    records,
    overrides: entryList<DnsOverride>('override'),
    isTurn: createTurns(),
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
