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
  /** The certificates that the clouds had before these, by host name: really expired, in December 2021 as that of seed A. */
  readonly expiredCloud: Readonly<Record<string, IssuedCertificate>>
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
/** How long an FMC's own authority lasts (public: FN74214), and how long before the lab this one was installed (invented). */
const FMC_AUTHORITY_DAYS = { before: 3 * 365, after: 7 * 365 }
/** When the certificate of seed A was valid. */
const SEED_VALIDITY = { validFromMs: Date.UTC(2019, 11, 3, 20, 57, 56), validToMs: Date.UTC(2021, 11, 3, 21, 7, 0) }

let made: { readonly day: number; readonly certificates: LabCertificates } | undefined

/**
 * The certificates of a lab whose time begins at `startMs`: the clouds' valid from the day before for two years of lab time, by which every host judges them.
 * The labs of a process that begin on the same day share them, because an RSA key takes up to 200 ms.
 */
export function labCertificates(startMs: number): LabCertificates {
  const day = Math.floor(startMs / DAY_MS)
  if (made?.day !== day) made = { day, certificates: make(day * DAY_MS) }
  return made.certificates
}

function make(startMs: number): LabCertificates {
  const validity = { validFromMs: startMs - DAY_MS, validToMs: startMs + 729 * DAY_MS }
  const ofTheFmc = { validFromMs: startMs - FMC_AUTHORITY_DAYS.before * DAY_MS, validToMs: startMs + FMC_AUTHORITY_DAYS.after * DAY_MS }
  const pki = createPki(validity)
  const names = [...Object.values(REGIONS).flatMap(({ api, ingest, mx, dex, admin }) => [api, ingest, mx, dex, admin]), EST_HOST]
  const fmc = createFmcCa({ commonName: FMC_UUID, ...ofTheFmc })
  return {
    cloudRootPem: pki.rootPem,
    cloud: Object.fromEntries(names.map((name) => [name, pki.issue({ commonName: name })])),
    expiredCloud: Object.fromEntries(names.map((name) => [name, pki.issue({ commonName: name, ...SEED_VALIDITY })])),
    fmcCaPem: fmc.caPem,
    fmcWeb: fmc.issue({ commonName: 'fmc', names: ['fmc', 'fmc.lab.example', ADDRESSES.fmc, 'localhost', '127.0.0.1'], ...validity }),
    fmcChannel: fmc.issue({ commonName: FMC_UUID, names: ['fmc', ADDRESSES.fmc], ...ofTheFmc }),
    systemRootPem: createCa({ subject: SYSTEM_ROOT, ...ofTheFmc, keyPem: newEcKeyPem() }).certPem,
  }
}
