import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'

/** What OpenSSL says of dates, by the machine's clock. */
const DATE_CODES: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])

/** Whether a verdict of OpenSSL's is about dates, and so may hide another one: it tells only the last. */
export function isDateCode(code: string): boolean {
  return DATE_CODES.has(code)
}

/**
 * Whether a leaf is valid at a time, as Node's code for what is wrong. The leaf alone: whoever issues a certificate makes it valid no longer than
 * its own, here as everywhere, and to look at the issuers costs a fifth of a handshake.
 */
export function dateVerdict({ valid_from, valid_to }: PeerCertificate, nowMs: number): string | undefined {
  if (nowMs < Date.parse(valid_from)) return 'CERT_NOT_YET_VALID'
  return nowMs > Date.parse(valid_to) ? 'CERT_HAS_EXPIRED' : undefined
}

/**
 * Whether a chain leads to one of the roots, whatever the date, as Node's code for what is wrong. Slow, and only needed where the machine's clock
 * and the host's disagree about a certificate.
 */
export function chainVerdict(leaf: DetailedPeerCertificate, rootsPem: string): string | undefined {
  const roots = (rootsPem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem))
  for (let peer = leaf; ; peer = peer.issuerCertificate) {
    const certificate = new X509Certificate(peer.raw)
    if (roots.some((root) => isIssuedBy(certificate, root))) return undefined
    if (isIssuedBy(certificate, certificate)) return peer === leaf ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN'
    // An end of the chain that is not its own issuer has none: Node then leaves the field out.
    const issuer = peer.issuerCertificate as DetailedPeerCertificate | undefined
    if (issuer === undefined || issuer === peer)
      return peer === leaf ? 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
    if (!isIssuedBy(certificate, new X509Certificate(issuer.raw))) return 'CERT_SIGNATURE_FAILURE'
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
