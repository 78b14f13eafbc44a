import { CertificateReplacement, CloudOutage } from '../../shared/contract/admin.ts'
import { entryRoutes } from '../../shared/host/admin-entries.ts'
import { checkedBody, NoSuchObject, type AdminRoute } from '../../shared/host/admin-server.ts'
import { oneOf } from '../../shared/kernel/errors.ts'
import type { Certificates } from './certificates.ts'
import type { Outages } from './outages.ts'

/** The administration API of the cloud: contract/admin.ts. */
export function sseRoutes(certificates: Certificates, outages: Outages): readonly AdminRoute[] {
  const noSuchName = (name: string) =>
    new NoSuchObject(`the cloud has no name ${name}; it has ${oneOf(certificates.list.map((certificate) => certificate.name))}`)
  return [
    { method: 'GET', path: '/v1/certificates', handle: () => ({ status: 200, body: certificates.list }) },
    {
      method: 'PUT',
      path: '/v1/certificates/{name}',
      handle: ({ name }, body) => {
        if (!certificates.replace(name!, checkedBody(CertificateReplacement, body))) throw noSuchName(name!)
        return { status: 200, body: { name: name!.toLowerCase(), replaced: true } }
      },
    },
    {
      method: 'DELETE',
      path: '/v1/certificates/{name}',
      handle: ({ name }) => {
        if (!certificates.restore(name!)) throw noSuchName(name!)
        return { status: 204 }
      },
    },
    ...entryRoutes('outage', CloudOutage, outages.entries),
  ]
}
