import type { PeerCertificate, TLSSocket } from 'node:tls'
import { codeOf } from '../../../kernel/errors.ts'
import { connectTls } from '../../../wire/tls/client.ts'
import { traceHandshake, type TlsRecord } from '../../../wire/tls/trace.ts'
import { readFrom } from './byte-source.ts'
import { certificateDate, INDENT, matchHost, oneLine, verdictOf } from './certificate.ts'
import { EXIT } from './messages.ts'
import { failure, type Connection, type Session } from './session.ts'
import { ALERT_FATAL, alertErrorText, alertLine, NOT_TLS_ERROR, recordLines } from './tls-records.ts'
import { isTimeUp, operationTimedOut, startPhase, type TimeLimit } from './time-limit.ts'
import { readClientCertificate, readTrust } from './trust.ts'

/** What the appliance's curl offers, as it prints it. (seed A) */
const CIPHER_SELECTION = 'ALL:!EXPORT:!EXPORT40:!EXPORT56:!aNULL:!LOW:!RC4:@STRENGTH'
const CERTIFICATE_MESSAGE = 11

interface Handshake {
  /** The records that passed so far. */
  readonly records: TlsRecord[]
  /**
   * Node gives its verdict on the certificate only after the handshake, while curl's OpenSSL stops at the certificate. So the lines after the
   * certificate are held back until the verdict is known.
   */
  readonly held: string[]
}

/** Secures a connection to a host and prints what happens. (seeds A and C; public: curl 7.44 openssl.c) */
export async function secure(limit: TimeLimit, connection: Connection, host: string, port: number): Promise<void> {
  const { session } = limit
  session.note('ALPN, offering http/1.1')
  const identity = await readClientCertificate(session)
  session.note(`Cipher selection: ${CIPHER_SELECTION}`)
  const ca = await readTrust(session)
  const handshake: Handshake = { records: [], held: [] }
  const traced = traceHandshake(connection.raw, (record) => onRecord(session, connection, handshake, record))
  using deadline = startPhase(limit, 'connect')
  let socket: TLSSocket
  try {
    socket = await connectTls(traced, {
      clock: session.world.clock,
      servername: host,
      ca,
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
      alpn: ['http/1.1'],
      signal: deadline.signal,
      ...identity,
    })
  } catch (error) {
    releaseHeld(session, handshake)
    if (isTimeUp(error)) throw operationTimedOut(limit, 0, 0)
    if (session.invocation.signal.aborted) throw error
    throw failure(session, EXIT.tlsConnect, handshakeError(handshake, error, host, port), { cause: error })
  }
  connection.stream = socket
  connection.source = readFrom(socket)
  checkCertificate(session, connection, handshake, socket, host)
}

function onRecord(session: Session, connection: Connection, handshake: Handshake, record: TlsRecord): void {
  if (connection.secured) {
    if (record.direction === 'in' && record.contentType === 21) connection.closeNotified = true
    return
  }
  const isFirst = !handshake.records.some((earlier) => earlier.direction === record.direction)
  const afterCertificate = handshake.records.some((earlier) => earlier.direction === 'in' && earlier.handshakeType === CERTIFICATE_MESSAGE)
  handshake.records.push(record)
  const lines = recordLines(record, isFirst)
  if (afterCertificate && !session.options.insecure) handshake.held.push(...lines)
  else for (const line of lines) session.note(line)
}

function releaseHeld(session: Session, handshake: Handshake): void {
  for (const line of handshake.held.splice(0)) session.note(line)
}

/** Why a handshake failed, in OpenSSL 1.0's words. */
function handshakeError(handshake: Handshake, error: unknown, host: string, port: number): string {
  const answers = handshake.records.filter((record) => record.direction === 'in')
  const alert = answers.findIndex((record) => record.alert !== undefined)
  if (alert >= 0) return alertErrorText(answers[alert]!.alert!, alert === 0)
  const code = codeOf(error) ?? ''
  if (code.startsWith('ERR_SSL_') && answers.length === 0) return NOT_TLS_ERROR
  // OpenSSL 3's own text would name another version and a thread.
  if (code.startsWith('ERR_SSL_')) return 'SSL connect error'
  return `Unknown SSL protocol error in connection to ${host}:${port} `
}

function checkCertificate(session: Session, connection: Connection, handshake: Handshake, socket: TLSSocket, host: string): void {
  const certificate = socket.getPeerCertificate()
  // Node's verdict on the name is not curl's business with -k; without it curl words its own.
  const code = socket.authorizationError as unknown as string | undefined | null
  const verdict = code === null || code === undefined || code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? undefined : verdictOf(code)
  if (verdict !== undefined && !session.options.insecure) {
    session.note(alertLine('out', ALERT_FATAL))
    throw failure(session, EXIT.untrustedCertificate, `SSL certificate problem: ${verdict.text}`)
  }
  releaseHeld(session, handshake)
  connection.secured = true
  session.note(`SSL connection using ${socket.getProtocol() ?? 'unknown'} / ${socket.getCipher().name}`)
  session.note(
    typeof socket.alpnProtocol === 'string'
      ? `ALPN, server accepted to use ${socket.alpnProtocol}`
      : 'ALPN, server did not agree to a protocol',
  )
  printCertificate(session, certificate, host, verdict)
}

function printCertificate(
  session: Session,
  certificate: PeerCertificate,
  host: string,
  verdict: { readonly number: number; readonly text: string } | undefined,
): void {
  session.note('Server certificate:')
  session.note(`${INDENT}subject: ${oneLine(certificate.subject)}`)
  session.note(`${INDENT}start date: ${certificateDate(certificate.valid_from)}`)
  session.note(`${INDENT}expire date: ${certificateDate(certificate.valid_to)}`)
  if (!session.options.insecure) {
    const { note, mismatch } = matchHost(certificate, host)
    if (note !== '') session.note(note)
    if (mismatch !== undefined) throw failure(session, EXIT.nameMismatch, mismatch)
  }
  session.note(`${INDENT}issuer: ${oneLine(certificate.issuer)}`)
  if (verdict === undefined) session.note(`${INDENT}SSL certificate verify ok.`)
  else session.note(`${INDENT}SSL certificate verify result: ${verdict.text} (${verdict.number}), continuing anyway.`)
}
