import type { Turns } from '../contract/admin.ts'

/** Counts what an entry is about and says whether this one is the entry's: after the first `skip`, `times` of them. */
export type IsTurn = (entry: Turns) => boolean

export function createTurns(): IsTurn {
  const seen = new WeakMap<object, number>()
  return (entry) => {
    const { skip = 0, times = Infinity } = entry
    const before = seen.get(entry) ?? 0
    seen.set(entry, before + 1)
    return before >= skip && before < skip + times
  }
}

/** Whether an entry is about some of what it matches only. */
export function isCounted({ skip, times }: Turns): boolean {
  return skip !== undefined || times !== undefined
}
