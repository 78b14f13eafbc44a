import type { Turns } from '../contract/admin.ts'

/**
 * Whether an occasion (a question, a request) that an entry matches is one of the entry's: after the first `skip`, `times` of them. One occasion counts once,
 * however often it is asked about.
 */
export type IsTurn = (entry: Turns, occasion: object) => boolean

export function createTurns(): IsTurn {
  const seen = new WeakMap<Turns, { count: number; readonly numbers: WeakMap<object, number> }>()
  return (entry, occasion) => {
    if (!isCounted(entry)) return true
    const { skip = 0, times = Infinity } = entry
    const occasions = seen.get(entry) ?? { count: 0, numbers: new WeakMap() }
    seen.set(entry, occasions)
    const number = occasions.numbers.get(occasion) ?? occasions.count++
    occasions.numbers.set(occasion, number)
    return number >= skip && number < skip + times
  }
}

/** Whether an entry is about some of what it matches only. */
export function isCounted({ skip, times }: Turns): boolean {
  return skip !== undefined || times !== undefined
}
