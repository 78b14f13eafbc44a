import { DnsOverride, DnsRecord } from '../../shared/contract/admin.ts'
import { checkedBody, NoSuchObject, type AdminRoute } from '../../shared/host/admin-server.ts'
import type { DnsState } from './state.ts'

/** The administration API of the resolver: contract/admin.ts. */
export function dnsRoutes(state: DnsState): readonly AdminRoute[] {
  return [
    { method: 'GET', path: '/v1/overrides', handle: () => ({ status: 200, body: { items: state.overrides } }) },
    {
      method: 'POST',
      path: '/v1/overrides',
      handle: (_, body) => ({ status: 201, body: state.addOverride(checkedBody(DnsOverride, body)) }),
    },
    {
      method: 'DELETE',
      path: '/v1/overrides/{id}',
      handle: ({ id }) => {
        if (!state.removeOverride(id!)) throw new NoSuchObject(`there is no override ${id}`)
        return { status: 204 }
      },
    },
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
