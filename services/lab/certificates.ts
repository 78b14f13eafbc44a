import { EST_HOST, REGIONS } from '../../shared/contract/region.ts'
import { ADDRESSES } from '../../shared/contract/topology.ts'
import { createCa, newEcKeyPem } from '../../shared/wire/pki/ca.ts'
import type { DistinguishedName } from '../../shared/wire/pki/certificate.ts'
import { createFmcCa } from '../../shared/wire/pki/fmc-ca.ts'
import { createPki, type IssuedCertificate } from '../../shared/wire/pki/pki.ts'

/** Every certificate of a lab. */
export interface LabCertificates {
  /** The root that the clouds' certificates chain to: what an appliance has in connectorCA.pem. */
  readonly cloudRootPem: string
  /** By cloud host name. */
  readonly cloud: Readonly<Record<string, IssuedCertificate>>
  /** FMC's own authority: of the management channel and of its web server. */
  readonly fmcCaPem: string
  readonly fmcWeb: IssuedCertificate
  readonly fmcChannel: IssuedCertificate
  /** A root that has nothing to do with the lab's clouds: what an appliance's operating system trusts. */
  readonly systemRootPem: string
}

const SYSTEM_ROOT: DistinguishedName = [
  ['O', 'ftdlab'],
  ['CN', 'Root of an operating system'],
]
const DAY_MS = 86_400_000
const FMC_UUID = '6a5f1c0e-0000-4000-8000-00000000f3c0'

let made: LabCertificates | undefined

/**
 * The certificates of every lab of this process: valid from yesterday for two years of real time, for that is the clock OpenSSL looks at. Made once,
 * because an RSA key takes up to 200 ms.
 */
export function labCertificates(): LabCertificates {
  made ??= make()
  return made
}

function make(): LabCertificates {
  const validFromMs = Date.now() - DAY_MS
  const validToMs = validFromMs + 731 * DAY_MS
  const pki = createPki({ validFromMs, validToMs })
  const names = [...Object.values(REGIONS).flatMap(({ api, ingest, mx, dex, admin }) => [api, ingest, mx, dex, admin]), EST_HOST]
  const fmc = createFmcCa({ commonName: FMC_UUID, validFromMs, validToMs })
  return {
    cloudRootPem: pki.rootPem,
    cloud: Object.fromEntries(names.map((name) => [name, pki.issue({ commonName: name })])),
    fmcCaPem: fmc.caPem,
    fmcWeb: fmc.issue({
      commonName: 'fmc',
      names: ['fmc', 'fmc.lab.example', ADDRESSES.fmc, 'localhost', '127.0.0.1'],
      validFromMs,
      validToMs,
    }),
    fmcChannel: fmc.issue({ commonName: FMC_UUID, names: ['fmc', ADDRESSES.fmc], validFromMs, validToMs }),
    systemRootPem: createCa({ subject: SYSTEM_ROOT, validFromMs, validToMs, keyPem: newEcKeyPem() }).certPem,
  }
}
