import { createCa, newEcKeyPem } from './ca.ts'
import type { Ca } from './ca.ts'
import type { DistinguishedName } from './certificate.ts'
import type { IssuedCertificate } from './pki.ts'

export interface FmcCertificateRequest {
  readonly commonName: string
  /** DNS names and IPv4 addresses; default: the common name. */
  readonly names?: readonly string[]
  readonly validFromMs: number
  readonly validToMs: number
  /** Its key (PKCS#8 PEM); default: a new P-256 key. */
  readonly keyPem?: string
}

export interface FmcCa {
  readonly caPem: string
  /** A certificate for one end of the management channel, server and client alike. */
  issue(request: FmcCertificateRequest): IssuedCertificate
}

// The shape of the internal CA's names is recalled from FMC's own certificates, not documented: invented until somebody shows one.
const shared: DistinguishedName = [
  ['OU', 'Intrusion Management System'],
  ['O', 'Cisco Systems, Inc.'],
]

/** The internal CA of an FMC (P-256: a millisecond to make). `commonName` is the FMC's UUID. Synchronous. */
export function createFmcCa(options: { readonly commonName: string; readonly validFromMs: number; readonly validToMs: number }): FmcCa {
  const subject: DistinguishedName = [['title', 'InternalCA'], ['CN', options.commonName], ...shared]
  return fmcCaOf(createCa({ subject, validFromMs: options.validFromMs, validToMs: options.validToMs, keyPem: newEcKeyPem() }))
}

function fmcCaOf(ca: Ca): FmcCa {
  return {
    caPem: ca.certPem,
    issue(request) {
      const keyPem = request.keyPem ?? newEcKeyPem()
      const certPem = ca.issueLeaf({
        subject: [['CN', request.commonName], ...shared],
        names: request.names ?? [request.commonName],
        validFromMs: request.validFromMs,
        validToMs: request.validToMs,
        keyPem,
        client: true,
      })
      return { certPem, chainPem: certPem + ca.certPem, keyPem }
    },
  }
}
