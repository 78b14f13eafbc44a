import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { signCertificate } from './certificate.ts'
import type { DistinguishedName } from './certificate.ts'

/** A certificate authority as it is written down: its name, certificate and key. */
export interface CaFiles {
  readonly subject: DistinguishedName
  readonly certPem: string
  readonly keyPem: string
}

export interface LeafRequest {
  readonly subject: DistinguishedName
  /** DNS names and IPv4 addresses. */
  readonly names: readonly string[]
  readonly validFromMs: number
  readonly validToMs: number
  /** Its key, PKCS#8 PEM. */
  readonly keyPem: string
  /** May it also prove a client? Default false. */
  readonly client?: boolean
}

export interface CaRequest {
  readonly subject: DistinguishedName
  readonly validFromMs: number
  readonly validToMs: number
  readonly keyPem: string
}

export interface Ca {
  readonly subject: DistinguishedName
  readonly certPem: string
  /** A leaf certificate, PEM. */
  issueLeaf(request: LeafRequest): string
  /** Another authority below this one, PEM. */
  issueCa(request: CaRequest): string
}

/** A new P-256 private key, PKCS#8 PEM; takes well under a millisecond. */
export function newEcKeyPem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

// The same number for the same authority and count, so that a lab that is made again looks the same.
function serialOf(certificateOf: string, count: number): Buffer {
  const serial = createHash('sha256').update(`${certificateOf} ${count}`).digest().subarray(0, 16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial
}

const publicOf = (key: KeyObject): KeyObject => createPublicKey(key)

/** A new self-signed authority. Synchronous. */
export function createCa(request: CaRequest): Ca {
  const key = createPrivateKey(request.keyPem)
  const certPem = signCertificate({
    ...request,
    issuer: request.subject,
    serial: serialOf(JSON.stringify(request.subject), 0),
    publicKey: publicOf(key),
    issuerPublicKey: publicOf(key),
    issuerKey: key,
    use: { ca: true },
  })
  return loadCa({ subject: request.subject, certPem, keyPem: request.keyPem })
}

/** An authority from its certificate and key, e.g. as it was saved. */
export function loadCa(authority: CaFiles): Ca {
  const issuerKey = createPrivateKey(authority.keyPem)
  const issuerPublicKey = publicOf(issuerKey)
  let issued = 0
  const issue = (request: CaRequest, use: Parameters<typeof signCertificate>[0]['use']): string => {
    issued++
    return signCertificate({
      subject: request.subject,
      issuer: authority.subject,
      serial: serialOf(JSON.stringify(authority.subject), issued),
      validFromMs: request.validFromMs,
      validToMs: request.validToMs,
      publicKey: publicOf(createPrivateKey(request.keyPem)),
      issuerPublicKey,
      issuerKey,
      use,
    })
  }
  return {
    subject: authority.subject,
    certPem: authority.certPem,
    issueLeaf: (request) => issue(request, { ca: false, names: request.names, client: request.client ?? false }),
    issueCa: (request) => issue(request, { ca: true }),
  }
}
