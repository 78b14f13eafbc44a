import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { signCertificate } from './certificate.ts'
import type { DistinguishedName } from './certificate.ts'

/** A certificate authority: its certificate and key, and how many certificates it has issued (serial numbers follow from that). */
export interface CaState {
  readonly subject: DistinguishedName
  readonly certPem: string
  readonly keyPem: string
  readonly issued: number
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
  state(): CaState
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

/** A new self-signed authority. Times are the real clock's: OpenSSL looks at that one. Synchronous. */
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
  return loadCa({ subject: request.subject, certPem, keyPem: request.keyPem, issued: 0 })
}

/** An authority from its certificate and key, e.g. as it was saved. */
export function loadCa(state: CaState): Ca {
  const issuerKey = createPrivateKey(state.keyPem)
  const issuerPublicKey = publicOf(issuerKey)
  let { issued } = state
  const issue = (request: CaRequest, use: Parameters<typeof signCertificate>[0]['use']): string => {
    issued++
    return signCertificate({
      subject: request.subject,
      issuer: state.subject,
      serial: serialOf(JSON.stringify(state.subject), issued),
      validFromMs: request.validFromMs,
      validToMs: request.validToMs,
      publicKey: publicOf(createPrivateKey(request.keyPem)),
      issuerPublicKey,
      issuerKey,
      use,
    })
  }
  return {
    subject: state.subject,
    certPem: state.certPem,
    issueLeaf: (request) => issue(request, { ca: false, names: request.names, client: request.client ?? false }),
    issueCa: (request) => issue(request, { ca: true }),
    state: () => ({ ...state, issued }),
  }
}
