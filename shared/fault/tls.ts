import { z } from 'zod'
import type { CertificateReplacement } from '../contract/admin.ts'
import { CloudCertificate } from '../contract/admin.ts'
import { LabError, oneOf } from '../kernel/errors.ts'
import { createStrangerIdentity } from '../wire/pki/stranger.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { ask } from './hands.ts'
import { hostsOfKind } from './hosts.ts'
import { defineKind } from './kind.ts'
import { DnsName } from './parameters.ts'

const name = DnsName.describe('a host name of the cloud: api-sse.cisco.com')

/** The cloud presents the certificate that it had before: its renewal was missed. (FM-037) */
export const tlsExpired = defineKind({
  summary: 'the certificate of a name of the cloud has expired',
  schema: z.strictObject({ kind: z.literal('tls.expired'), name }),
  explain: (fault) => `The certificate of ${fault.name} expired on 3 December 2021.`,
  inject: (fault, site) => present(site, fault.name, { issued: 'expired' }),
})

/** The cloud presents a certificate of another authority, which old releases do not know. (FM-036) */
export const tlsUnknownAuthority = defineKind({
  summary: 'the certificate of a name of the cloud is from an authority that no appliance knows',
  schema: z.strictObject({ kind: z.literal('tls.unknown-authority'), name }),
  explain: (fault) => `The certificate of ${fault.name} is from an authority that no appliance knows.`,
  inject: (fault, site) => present(site, fault.name, createStrangerIdentity(fault.name, site.now())),
})

async function present(site: FaultSite, certificateName: string, replacement: CertificateReplacement): Promise<Cure> {
  const clouds = await hostsOfKind(site, 'cloud')
  return injectAll(
    clouds.map((cloud) => () => coverSetting(site, certificateOf(site, cloud.name, certificateName.toLowerCase()), replacement)),
  )
}

/** What is presented for a name; null is the cloud's own certificate. */
function certificateOf(site: FaultSite, host: string, certificateName: string): Setting<CertificateReplacement | null> {
  const path = '/v1/certificates'
  const own = `${path}/${certificateName}`
  return {
    key: `${host} certificate of ${certificateName}`,
    async read() {
      const names = z.array(CloudCertificate).parse((await ask(site, host, { method: 'GET', path }, [200])).body)
      if (!names.some((certificate) => certificate.name === certificateName))
        throw new LabError(
          'LAB_BAD_INPUT',
          `name: ${host} has no name ${certificateName}; it has ${oneOf(names.map((certificate) => certificate.name))}`,
        )
      return null
    },
    async apply(replacement) {
      if (replacement === null) await ask(site, host, { method: 'DELETE', path: own }, [204])
      else await ask(site, host, { method: 'PUT', path: own, body: replacement }, [200])
    },
  }
}
