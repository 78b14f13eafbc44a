import type { TlsRecord } from '../../../wire/tls/trace.ts'

const RECORD_NAMES: Readonly<Record<TlsRecord['contentType'], string>> = { 20: 'TLS change cipher', 21: 'TLS alert', 22: 'TLS handshake' }

/** curl 7.44's names of handshake messages. It reads the first byte of alerts and cipher changes with the same table. (seed A; public: curl openssl.c) */
const MESSAGE_NAMES: Readonly<Record<number, string>> = {
  0: 'Hello request',
  1: 'Client hello',
  2: 'Server hello',
  4: 'Newsession Ticket',
  11: 'Certificate',
  12: 'Server key exchange',
  13: 'Request CERT',
  14: 'Server finished',
  15: 'CERT verify',
  16: 'Client key exchange',
  20: 'Finished',
  22: 'Certificate Status',
}

const CHANGE_CIPHER_SPEC_BYTE = 1
export const ALERT_WARNING = 1
export const ALERT_FATAL = 2

function line(
  version: string,
  direction: TlsRecord['direction'],
  what: string,
  type: number,
  name = MESSAGE_NAMES[type] ?? 'Unknown',
): string {
  return `${version} (${direction === 'out' ? 'OUT' : 'IN'}), ${what}, ${name} (${type}):`
}

/** The trace line of an alert: `level` 1 (warning, so close notify) or 2 (fatal). */
export function alertLine(direction: TlsRecord['direction'], level: number): string {
  return line('TLSv1.2', direction, 'TLS alert', level)
}

/**
 * What curl 7.44 prints for a record. OpenSSL 1.0 also reports the bare record header of the first record each way as long as it does not
 * know which protocol it will be (`isFirst`): for the client hello, and for an alert that answers it.
 */
export function recordLines(record: TlsRecord, isFirst: boolean): string[] {
  const { version } = record
  const type = record.contentType === 22 ? (record.handshakeType ?? 20) : record.contentType === 21 ? ALERT_FATAL : CHANGE_CIPHER_SPEC_BYTE
  const lines = [line(version, record.direction, RECORD_NAMES[record.contentType], type)]
  if (isFirst && record.direction === 'out') lines.unshift(line(version, 'out', 'TLS header', 22))
  if (isFirst && record.direction === 'in' && record.contentType === 21) lines.unshift(line(version, 'in', 'TLS header', 21, 'Unknown'))
  return lines
}

/** OpenSSL 1.0's names of alerts. (public: OpenSSL ssl_err.c) */
const ALERT_REASONS: Readonly<Record<number, string>> = {
  10: 'sslv3 alert unexpected message',
  20: 'sslv3 alert bad record mac',
  40: 'sslv3 alert handshake failure',
  42: 'sslv3 alert bad certificate',
  43: 'sslv3 alert unsupported certificate',
  44: 'sslv3 alert certificate revoked',
  45: 'sslv3 alert certificate expired',
  46: 'sslv3 alert certificate unknown',
  47: 'sslv3 alert illegal parameter',
  48: 'tlsv1 alert unknown ca',
  49: 'tlsv1 alert access denied',
  50: 'tlsv1 alert decode error',
  51: 'tlsv1 alert decrypt error',
  70: 'tlsv1 alert protocol version',
  71: 'tlsv1 alert insufficient security',
  80: 'tlsv1 alert internal error',
  112: 'tlsv1 unrecognized name',
}

/** OpenSSL 1.0's error text for an alert: in the first answer, or later in the handshake. */
export function alertErrorText(alert: number, inFirstAnswer: boolean): string {
  const reason = 1000 + alert
  const code = ((inFirstAnswer ? 0x14077000 : 0x14094000) + reason).toString(16).toUpperCase()
  return `error:${code}:SSL routines:${inFirstAnswer ? 'SSL23_GET_SERVER_HELLO' : 'SSL3_READ_BYTES'}:${ALERT_REASONS[alert] ?? `reason(${reason})`}`
}

/** OpenSSL 1.0's error text for an answer that is not TLS. */
export const NOT_TLS_ERROR = 'error:140770FC:SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol'
