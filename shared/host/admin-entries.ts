import type { z } from 'zod'
import { checkedBody, NoSuchObject, type AdminRoute } from './admin-server.ts'

export type Stored<T> = T & { readonly id: string }

/** Things that an administrator adds to a host and takes away again: rules, overrides, outages. */
export interface Entries<T> {
  /** Newest first. */
  readonly items: readonly Stored<T>[]
  /** Puts an entry before all others; holds when this resolves. Rejects with the keeper's reason, and leaves the list as it is, for one that cannot be. */
  add(entry: T): Promise<Stored<T>>
  /** False when there is no such entry. */
  remove(id: string): Promise<boolean>
}

/** What a host does about its entries. */
export interface Keeper<T> {
  /** Called before an entry is taken up; what it rejects with refuses the entry. */
  admit?(entry: T): Promise<void>
  /** Called when an entry is gone, before `apply`. */
  forget?(entry: Stored<T>): void
  /** Makes the host do what the list says now. When it rejects for a new entry, that one is taken out again. */
  apply?(): void | Promise<void>
}

/** A list of entries with ids such as `rule-1`. */
export function entryList<T>(what: string, initial: readonly T[] = [], keeper: Keeper<T> = {}): Entries<T> {
  let made = 0
  const stored = (entry: T): Stored<T> => ({ id: `${what}-${++made}`, ...entry })
  let items: readonly Stored<T>[] = initial.map(stored)
  return {
    get items() {
      return items
    },
    async add(entry) {
      await keeper.admit?.(entry)
      const added = stored(entry)
      items = [added, ...items]
      try {
        await keeper.apply?.()
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
      keeper.forget?.(found)
      await keeper.apply?.()
      return true
    },
  }
}

/** `GET` and `POST /v1/WHATs`, `DELETE /v1/WHATs/{id}`. */
export function entryRoutes<T>(what: string, schema: z.ZodType<T>, entries: Entries<T>): readonly AdminRoute[] {
  const path = `/v1/${what}s`
  return [
    { method: 'GET', path, handle: () => ({ status: 200, body: { items: entries.items } }) },
    { method: 'POST', path, handle: async (_, body) => ({ status: 201, body: await entries.add(checkedBody(schema, body)) }) },
    {
      method: 'DELETE',
      path: `${path}/{id}`,
      handle: async ({ id }) => {
        if (!(await entries.remove(id!))) throw new NoSuchObject(`there is no ${what} ${id}`)
        return { status: 204 }
      },
    },
  ]
}
