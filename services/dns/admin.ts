import { DnsOverride, DnsRecord } from '../../shared/contract/admin.ts'
import { entryRoutes } from '../../shared/host/admin-entries.ts'
import { checkedBody, NoSuchObject, type AdminRoute } from '../../shared/host/admin-server.ts'
import type { DnsState } from './state.ts'

/** The administration API of the resolver: contract/admin.ts. */
export function dnsRoutes(state: DnsState): readonly AdminRoute[] {
  return [
    ...entryRoutes('override', DnsOverride, state.overrides),
    {
      method: 'GET',
      path: '/v1/records',
      handle: () => ({ status: 200, body: { items: [...state.records].map(([name, record]) => ({ name, ...record })) } }),
    },
    {
      method: 'GET',
      path: '/v1/records/{name}',
      handle: ({ name }) => {
        const key = name!.toLowerCase()
        const record = state.records.get(key)
        if (record === undefined) throw new NoSuchObject(`there is no record ${key}`)
        return { status: 200, body: { name: key, ...record } }
      },
    },
    {
      method: 'PUT',
      path: '/v1/records/{name}',
      handle: ({ name }, body) => {
        const key = name!.toLowerCase()
        const record = checkedBody(DnsRecord, body)
        state.putRecord(key, record)
        return { status: 200, body: { name: key, ...record } }
      },
    },
  ]
}
