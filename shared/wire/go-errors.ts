import { codeOf } from '../kernel/errors.ts'
import type { Endpoint } from '../kernel/net.ts'
import { DeadlineError } from './deadline.ts'
import { DialError } from './dial.ts'
import { DnsError } from './dns/resolver.ts'
import type { Ends } from './ends.ts'
import { HttpError } from './http/client.ts'
import { ProxyError, ProxyProtocolError } from './http/connect.ts'
import { TlsError } from './tls/client.ts'
import { WebSocketHandshakeError } from './ws/client.ts'

/** strerror(3), which Go prints in lower case. (public) */
const ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EPIPE: 'broken pipe',
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
}

const at = ({ address, port }: Endpoint): string => `${address}:${port}`

/**
 * What a Go program of version 1.9 or older (with gorilla/websocket) prints for a failure of the pieces of `shared/wire`. The time-out of a
 * connection: seed A; the rest: Go's and gorilla's own wording. (public; domain facts 4.6)
 */
export function goDialError(error: unknown): string {
  if (error instanceof DnsError) return `dial tcp: ${lookupError(error)}`
  if (error instanceof DialError) return `dial tcp ${at(error)}: ${systemCall(error.code)}: ${errnoText(error.code)}`
  if (error instanceof TlsError) return tlsText(error)
  // net/http and gorilla both make an error of the reason phrase alone.
  if (error instanceof ProxyError) return error.reason
  if (error instanceof ProxyProtocolError) return proxyText(error)
  if (error instanceof WebSocketHandshakeError) {
    const broken = codeOf(error.cause)
    if (broken === 'ECONNRESET' || broken === 'EPIPE') return 'unexpected EOF'
    return broken?.startsWith('HPE_') ? 'malformed HTTP response' : 'websocket: bad handshake'
  }
  if (error instanceof HttpError)
    return error.code.startsWith('HPE_') ? 'malformed HTTP response' : (HTTP_ENDS[error.code] ?? errnoText(error.code))
  if (error instanceof DeadlineError) return 'i/o timeout'
  if (error instanceof Error) return error.message
  return String(error)
}

const HTTP_ENDS: Readonly<Record<string, string>> = { ECONNRESET: 'EOF' }

function errnoText(code: string): string {
  return ERRNO[code] ?? code
}

/** Before 1.10 Go named the call by which it learned how a connect ended (seed A); an error at once is connect's own. */
function systemCall(code: string): string {
  return code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL' ? 'connect' : 'getsockopt'
}

function lookupError(error: DnsError): string {
  // Without a server the C library asks this host itself and gives up; Go then says so through getaddrinfo.
  if (error.server === undefined) return `lookup ${error.hostname}: Temporary failure in name resolution`
  const server = `${error.server}:53`
  const read = error.local ? `read udp ${at(error.local)}->${server}: ` : ''
  const what = {
    ENOTFOUND: 'no such host',
    ENODATA: 'no such host',
    ESERVFAIL: 'server misbehaving',
    ETIMEOUT: `${read}i/o timeout`,
    ECONNREFUSED: `${read}read: connection refused`,
    ENOSERVER: 'no such host',
  }[error.code]
  return `lookup ${error.hostname} on ${server}: ${what}`
}

const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
])

function tlsText(error: TlsError): string {
  if (UNKNOWN_AUTHORITY.has(error.code)) return 'x509: certificate signed by unknown authority'
  if (error.code === 'CERT_HAS_EXPIRED' || error.code === 'CERT_NOT_YET_VALID') return 'x509: certificate has expired or is not yet valid'
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `x509: certificate is valid for ${error.certificateNames.join(', ')}, not ${error.servername}`
  if (error.code === 'ECLOSED') return 'EOF'
  const alert = /_ALERT_(.+)$/.exec(error.code)?.[1]
  if (alert !== undefined) return `remote error: tls: ${alert.toLowerCase().replaceAll('_', ' ')}`
  if (error.code === 'ERR_SSL_WRONG_VERSION_NUMBER' || error.code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return 'tls: first record does not look like a TLS handshake'
  }
  return error.code.startsWith('ERR_SSL_') ? 'tls: handshake failure' : readError(error.ends, error.code)
}

const readError = (ends: Ends, code: string): string => `read tcp ${at(ends.local)}->${at(ends.remote)}: read: ${errnoText(code)}`

function proxyText(error: ProxyProtocolError): string {
  if (error.code === 'ECLOSED') return 'unexpected EOF'
  return error.code === 'EMALFORMED' ? `malformed HTTP response ${JSON.stringify(error.message)}` : readError(error.ends, error.code)
}

/** gorilla's names of close codes. (public) */
const CLOSES: Readonly<Record<number, string>> = {
  1000: 'normal',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no status',
  1006: 'abnormal closure',
  1007: 'invalid payload data',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'mandatory extension missing',
  1011: 'internal server error',
  1015: 'TLS handshake error',
}

/** gorilla's text of a close, e.g. `websocket: close 1006 (abnormal closure): unexpected EOF` for a connection that just ended. (public) */
export function goCloseError(code: number, reason: string): string {
  const name = CLOSES[code]
  const text = reason === '' && code === 1006 ? 'unexpected EOF' : reason
  return `websocket: close ${code}${name === undefined ? '' : ` (${name})`}${text === '' ? '' : `: ${text}`}`
}
