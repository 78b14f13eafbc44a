import type { Duplex } from 'node:stream'
import type { CloudOutage } from '../../shared/contract/admin.ts'
import { entryList, type Entries, type Stored } from '../../shared/host/admin-entries.ts'
import { createTurns, isCounted } from '../../shared/host/turns.ts'
import type { Site } from './hosts.ts'

export type StoredOutage = Stored<CloudOutage>

/** What is out of order at the front of the cloud: nothing unless an administrator says so. */
export interface Outages {
  /** When one is removed, the connections that it kept waiting are ended. */
  readonly entries: Entries<CloudOutage>
  /** The outage that decides what becomes of a request for a path of this site; counts it, once. */
  request(request: object, site: Site | undefined, path: string): StoredOutage | undefined
  /** Whether a new connection to this site is reset; counts it. */
  connection(site: Site | undefined): boolean
  /** What becomes of the WebSockets that are open at this site. */
  open(site: Site, path: string): CloudOutage['answer'] | undefined
  /** Keeps a connection waiting as long as the outage lasts. */
  keepWaiting(outage: StoredOutage, socket: Duplex): void
}

/** `changed` is called after each change. */
export function createOutages(changed: () => void): Outages {
  const waiting = new Map<string, Set<Duplex>>()
  const isTurn = createTurns()
  const entries = entryList<CloudOutage>('outage', [], {
    forget: ({ id }) => {
      for (const socket of waiting.get(id) ?? []) socket.destroy()
    },
    apply: changed,
  })
  const matching = (site: Site | undefined, path: string): readonly StoredOutage[] =>
    site === undefined ? [] : entries.items.filter((outage) => concerns(outage, site, path))
  return {
    entries,
    // A reset with a count is about connections, and those of the requests have been counted.
    request: (request, site, path) =>
      matching(site, path).find((outage) => (outage.answer === 'reset' ? !isCounted(outage) : isTurn(outage, request))),
    connection: (site) => {
      const connection = {}
      const decisive = matching(site, '/').find((outage) => (outage.answer === 'reset' ? isTurn(outage, connection) : !isCounted(outage)))
      return decisive?.answer === 'reset'
    },
    open: (site, path) => matching(site, path).find((outage) => !isCounted(outage))?.answer,
    keepWaiting({ id }, socket) {
      const sockets = waiting.get(id) ?? new Set()
      waiting.set(id, sockets.add(socket))
      socket.once('close', () => {
        sockets.delete(socket)
        if (sockets.size === 0) waiting.delete(id)
      })
    },
  }
}

function concerns(outage: CloudOutage, site: Site, path: string): boolean {
  if (outage.role !== site.role) return false
  if (outage.region !== undefined && site.role !== 'est' && outage.region !== site.region) return false
  return outage.path === undefined || path.startsWith(outage.path)
}
