import type { Duplex } from 'node:stream'
import type { CloudOutage } from '../../shared/contract/admin.ts'
import type { Site } from './hosts.ts'

export type StoredOutage = CloudOutage & { readonly id: string }

/** What is out of order at the front of the cloud: nothing unless an administrator says so. */
export interface Outages {
  /** Newest first. */
  readonly list: readonly StoredOutage[]
  add(outage: CloudOutage): StoredOutage
  /** False when there is no such outage. Connections that it kept waiting are ended. */
  remove(id: string): boolean
  /** The outage that decides what becomes of a request for a path of this site. */
  at(site: Site | undefined, path: string): StoredOutage | undefined
  /** Keeps a connection waiting as long as the outage lasts. */
  keepWaiting(outage: StoredOutage, socket: Duplex): void
}

/** `changed` is called after each change. */
export function createOutages(changed: () => void): Outages {
  let outages: readonly StoredOutage[] = []
  let made = 0
  const waiting = new Map<string, Set<Duplex>>()
  return {
    get list() {
      return outages
    },
    add(outage) {
      const added = { id: `outage-${++made}`, ...outage }
      outages = [added, ...outages]
      changed()
      return added
    },
    remove(id) {
      if (!outages.some((outage) => outage.id === id)) return false
      outages = outages.filter((outage) => outage.id !== id)
      for (const socket of waiting.get(id) ?? []) socket.destroy()
      changed()
      return true
    },
    at: (site, path) => (site === undefined ? undefined : outages.find((outage) => concerns(outage, site, path))),
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
