import type { PeerCertificate } from 'node:tls'

/** OpenSSL 1.0's number and text for the verdict on a certificate chain, by the code that Node gives it. (public: OpenSSL x509_txt.c; 19: seed A) */
const VERDICTS: Readonly<Record<string, readonly [number, string]>> = {
  UNABLE_TO_GET_ISSUER_CERT: [2, 'unable to get issuer certificate'],
  CERT_SIGNATURE_FAILURE: [7, 'certificate signature failure'],
  CERT_NOT_YET_VALID: [9, 'certificate is not yet valid'],
  CERT_HAS_EXPIRED: [10, 'certificate has expired'],
  DEPTH_ZERO_SELF_SIGNED_CERT: [18, 'self signed certificate'],
  SELF_SIGNED_CERT_IN_CHAIN: [19, 'self signed certificate in certificate chain'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [20, 'unable to get local issuer certificate'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [21, 'unable to verify the first certificate'],
  CERT_CHAIN_TOO_LONG: [22, 'certificate chain too long'],
  CERT_REVOKED: [23, 'certificate revoked'],
  INVALID_CA: [24, 'invalid CA certificate'],
  INVALID_PURPOSE: [26, 'unsupported certificate purpose'],
  CERT_UNTRUSTED: [27, 'certificate not trusted'],
  CERT_REJECTED: [28, 'certificate rejected'],
}

/** Number and text of a verdict that is not "ok"; 1 stands for what OpenSSL 1.0 had no number for. */
export function verdictOf(code: string): { readonly number: number; readonly text: string } {
  const [number, text] = VERDICTS[code] ?? [1, code.toLowerCase().replaceAll('_', ' ')]
  return { number, text }
}

/** The tab before certificate lines, as a terminal shows it behind `* `. (domain facts 4.9) */
export const INDENT = ' '.repeat(7)

type Name = PeerCertificate['subject']

/** A distinguished name as curl prints it, e.g. `C=US; O=Cisco Systems, Inc.; CN=api-sse.cisco.com`. (seed A) */
export function oneLine(name: Name): string {
  return Object.entries(name)
    .flatMap(([key, value]) => [value].flat().map((one) => `${key}=${String(one)}`))
    .join('; ')
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Dec  3 20:57:56 2019 GMT`, as Node gives it, as `2019-12-03 20:57:56 GMT`, as curl prints it. (seed A) */
export function certificateDate(text: string): string {
  const match = /^(\w{3}) +(\d+) (\S+) (\d{4}) GMT$/.exec(text)
  if (match === null) return text
  const [, month, day, time, year] = match
  return `${year}-${String(MONTHS.indexOf(month!) + 1).padStart(2, '0')}-${day!.padStart(2, '0')} ${time} GMT`
}

/** How a certificate's names fit the host: what curl says, and whether they do. (public: curl 7.44 openssl.c verifyhost) */
export function matchHost(certificate: PeerCertificate, host: string): { readonly note: string; readonly mismatch?: string } {
  const alternatives = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((entry) => /^(DNS|IP Address):/.test(entry))
    .map((entry) => entry.slice(entry.indexOf(':') + 1))
  if (alternatives.length > 0) {
    if (alternatives.some((name) => nameFits(name, host))) return { note: `${INDENT}subjectAltName: ${host} matched` }
    return {
      note: `${INDENT}subjectAltName does not match ${host}`,
      mismatch: `SSL: no alternative certificate subject name matches target host name '${host}'`,
    }
  }
  const commonName = [certificate.subject.CN].flat().at(-1) ?? ''
  if (nameFits(commonName, host)) return { note: `${INDENT}common name: ${commonName} (matched)` }
  return { note: '', mismatch: `SSL: certificate subject name '${commonName}' does not match target host name '${host}'` }
}

/** A wildcard stands for one label. */
function nameFits(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase()
  const name = host.toLowerCase()
  if (!wanted.startsWith('*.')) return wanted === name
  return name.includes('.') && name.slice(name.indexOf('.')) === wanted.slice(1)
}
