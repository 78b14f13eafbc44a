import { createCa, loadCa, newEcKeyPem } from './ca.ts'
import type { DistinguishedName } from './certificate.ts'
import { leafSubject, pkiKeys } from './pki.ts'
import type { TlsIdentity } from '../tls/server.ts'

const DAY_MS = 86_400_000

// Where Cisco's clouds went from the authority of the seeds (public: FN72103). The root says that it is the lab's.
const ROOT: DistinguishedName = [
  ['C', 'US'],
  ['O', 'IdenTrust'],
  ['OU', 'ftdlab simulation, not issued by IdenTrust'],
  ['CN', 'IdenTrust Commercial Root CA 1'],
]
const INTERMEDIATE: DistinguishedName = [
  ['C', 'US'],
  ['O', 'IdenTrust'],
  ['OU', 'HydrantID Trusted Certificate Service'],
  ['CN', 'HydrantID Server CA O1'],
]

/** A good certificate for a name, of an authority that nobody in the lab has heard of; its issuer's names are recalled. Valid for two years from the day before `nowMs`. */
export function createStrangerIdentity(commonName: string, nowMs: number): TlsIdentity {
  const validity = { validFromMs: nowMs - DAY_MS, validToMs: nowMs + 729 * DAY_MS }
  const rootKeyPem = newEcKeyPem()
  const keyPem = newEcKeyPem()
  const root = createCa({ subject: ROOT, ...validity, keyPem: rootKeyPem })
  const intermediatePem = root.issueCa({ subject: INTERMEDIATE, ...validity, keyPem })
  const { leafKeyPem } = pkiKeys()
  const certPem = loadCa({ subject: INTERMEDIATE, certPem: intermediatePem, keyPem }).issueLeaf({
    subject: leafSubject(commonName),
    names: [commonName],
    ...validity,
    keyPem: leafKeyPem,
  })
  return { chainPem: certPem + intermediatePem + root.certPem, keyPem: leafKeyPem }
}
