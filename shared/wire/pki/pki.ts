import { generateKeyPairSync } from 'node:crypto'
import type { TlsIdentity } from '../tls/server.ts'
import { createCa, loadCa, newEcKeyPem } from './ca.ts'
import type { Ca } from './ca.ts'
import type { DistinguishedName } from './certificate.ts'

/** Private keys, PKCS#8 PEM. */
export interface PkiKeys {
  readonly rootKeyPem: string
  readonly intermediateKeyPem: string
  /** RSA-2048, shared by all leaves: to make one takes 20 to 200 ms. */
  readonly leafKeyPem: string
}

export interface IssueOptions {
  readonly commonName: string
  /** DNS names and IPv4 addresses for the subject alternative names; default: the common name. */
  readonly names?: readonly string[]
  /** Default: the Pki's. Give times in the past for a certificate that has expired. */
  readonly validFromMs?: number
  readonly validToMs?: number
  /** The certificate's key (PKCS#8 PEM); default: the shared leaf key. */
  readonly keyPem?: string
}

/** `chainPem` is leaf, intermediate and root, in the order in which a server sends them. */
export interface IssuedCertificate extends TlsIdentity {
  readonly certPem: string
}

export interface Pki {
  readonly rootPem: string
  readonly intermediatePem: string
  issue(options: IssueOptions): IssuedCertificate
}

export interface PkiOptions {
  /** When leaves are valid, epoch milliseconds of lab time; their authorities are so for ten years more at both ends. */
  readonly validFromMs: number
  readonly validToMs: number
  /** Default: this process's keys, made when first needed. */
  readonly keys?: PkiKeys
}

// The names of the seeds' chain (seeds A, C; the root: public). The root says that it is the lab's, for whoever meets it in a trust store.
const ROOT: DistinguishedName = [
  ['C', 'BM'],
  ['O', 'QuoVadis Limited'],
  ['OU', 'ftdlab simulation, not issued by QuoVadis'],
  ['CN', 'QuoVadis Root CA 2'],
]
const INTERMEDIATE: DistinguishedName = [
  ['C', 'US'],
  ['O', 'HydrantID (Avalanche Cloud Corporation)'],
  ['CN', 'HydrantID SSL ICA G2'],
]
/** The name of a cloud's certificate. (seeds A, C) */
export const leafSubject = (commonName: string): DistinguishedName => [
  ['C', 'US'],
  ['ST', 'California'],
  ['L', 'San Jose'],
  ['O', 'Cisco Systems, Inc.'],
  ['CN', commonName],
]

const TEN_YEARS_MS = 10 * 365 * 86_400_000

let processKeys: PkiKeys | undefined

/** This process's keys: made once, then shared by every Pki that brings none. Blocks for 20 to 200 ms the first time. */
export function pkiKeys(): PkiKeys {
  processKeys ??= {
    rootKeyPem: newEcKeyPem(),
    intermediateKeyPem: newEcKeyPem(),
    // RSA, because the cipher of the seeds is ECDHE-RSA-AES128-GCM-SHA256.
    leafKeyPem: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  }
  return processKeys
}

/** The clouds' certificate authority: root, intermediate, and leaves shaped like the seeds'. Synchronous. */
export function createPki(options: PkiOptions): Pki {
  const { validFromMs, validToMs, keys = pkiKeys() } = options
  const authority = { validFromMs: validFromMs - TEN_YEARS_MS, validToMs: validToMs + TEN_YEARS_MS }
  const root = createCa({ subject: ROOT, ...authority, keyPem: keys.rootKeyPem })
  const certPem = root.issueCa({ subject: INTERMEDIATE, ...authority, keyPem: keys.intermediateKeyPem })
  const intermediate = loadCa({ subject: INTERMEDIATE, certPem, keyPem: keys.intermediateKeyPem })
  return pkiOf(root, intermediate, keys.leafKeyPem, validFromMs, validToMs)
}

function pkiOf(root: Ca, intermediate: Ca, leafKeyPem: string, validFromMs: number, validToMs: number): Pki {
  return {
    rootPem: root.certPem,
    intermediatePem: intermediate.certPem,
    issue(options) {
      const keyPem = options.keyPem ?? leafKeyPem
      const certPem = intermediate.issueLeaf({
        subject: leafSubject(options.commonName),
        names: options.names ?? [options.commonName],
        validFromMs: options.validFromMs ?? validFromMs,
        validToMs: options.validToMs ?? validToMs,
        keyPem,
      })
      // The root goes along, as in the seeds: OpenSSL then says "self signed certificate in certificate chain" (19).
      return { certPem, chainPem: certPem + intermediate.certPem + root.certPem, keyPem }
    },
  }
}
