import { checkTraffic, type Traffic } from './rules.ts'

export type Stored<T> = T & { readonly id: string }

/** One of the gateway's lists, whose entries are about packets. */
export interface Entries<T> {
  /** Newest first. */
  readonly items: readonly Stored<T>[]
  /**
   * Puts an entry before all others; holds when this resolves. Rejects, and leaves the list as it is, with `LAB_BAD_INPUT`, also for a name that does not
   * exist, and with `LAB_NOT_EMULATED` for what this host cannot do to packets.
   */
  add(entry: T): Promise<Stored<T>>
  /** False when there is no such entry. */
  remove(id: string): Promise<boolean>
}

/** What a list needs of the gateway. */
export interface Keeper<T> {
  /** Called before an entry is taken up; what it rejects with refuses the entry. */
  admit(entry: T): Promise<void>
  /** Makes the host do what the lists say now. */
  apply(): Promise<void>
  /** Called when an entry is gone, before `apply`. */
  forget(): void
}

/** A list of entries with ids such as `rule-1`. Throws `LAB_BAD_INPUT` for an initial entry that makes no sense. */
export function entryList<T extends Traffic>(what: string, initial: readonly T[], keeper: Keeper<T>): Entries<T> {
  let made = 0
  const stored = (entry: T): Stored<T> => ({ id: `${what}-${++made}`, ...entry })
  initial.forEach(checkTraffic)
  let items: readonly Stored<T>[] = initial.map(stored)
  return {
    get items() {
      return items
    },
    async add(entry) {
      checkTraffic(entry)
      await keeper.admit(entry)
      const added = stored(entry)
      items = [added, ...items]
      try {
        await keeper.apply()
      } catch (error) {
        items = items.filter((other) => other !== added)
        throw error
      }
      return added
    },
    async remove(id) {
      const found = items.find((item) => item.id === id)
      if (found === undefined) return false
      items = items.filter((other) => other !== found)
      keeper.forget()
      await keeper.apply()
      return true
    },
  }
}
