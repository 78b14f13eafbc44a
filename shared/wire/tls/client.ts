import { isIP } from 'node:net'
import { checkServerIdentity, connect } from 'node:tls'
import type { DetailedPeerCertificate, PeerCertificate, SecureVersion, TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import { codeOf } from '../../kernel/errors.ts'
import type { Conn } from '../../kernel/net.ts'
import { endsOf } from '../ends.ts'
import type { Ends } from '../ends.ts'
import { clientContext } from './contexts.ts'
import { chainVerdict, dateVerdict, isDateCode } from './validity.ts'

/** A TLS handshake failed. */
export class TlsError extends Error {
  /**
   * OpenSSL's or Node's: CERT_HAS_EXPIRED, CERT_NOT_YET_VALID, SELF_SIGNED_CERT_IN_CHAIN, UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
   * ERR_TLS_CERT_ALTNAME_INVALID, ERR_SSL_…, ECONNRESET (a reset), ETIMEDOUT, ECLOSED (the peer closed in the middle).
   */
  readonly code: string
  readonly servername: string | undefined
  /** With ERR_TLS_CERT_ALTNAME_INVALID: the names that the certificate is for. */
  readonly certificateNames: readonly string[]
  readonly ends: Ends
  constructor(message: string, about: Pick<TlsError, 'code' | 'servername' | 'certificateNames' | 'ends'>, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TlsError'
    this.code = about.code
    this.servername = about.servername
    this.certificateNames = about.certificateNames
    this.ends = about.ends
  }
}

export interface TlsClientOptions {
  /** The clock of the host that verifies: by it certificates are valid or not, whatever time it is for the machine. */
  readonly clock: Pick<Clock, 'now'>
  /** Sent as SNI (unless it is an address) and checked against the certificate. */
  readonly servername?: string
  /** Trusted roots, PEM. Without it nothing is trusted: the machine's and Node's own roots never are. */
  readonly ca?: string | Buffer
  /** Default true. With false, `socket.authorized` and `socket.authorizationError` say what was wrong. */
  readonly rejectUnauthorized?: boolean
  readonly key?: string | Buffer
  readonly cert?: string | Buffer
  readonly minVersion?: SecureVersion
  /** Default TLSv1.2: the appliances of the seeds' time know no later one. (inferred; it also halves the cost of a handshake) */
  readonly maxVersion?: SecureVersion
  readonly ciphers?: string
  /** Default `['http/1.1']`; empty sends no ALPN. */
  readonly alpn?: readonly string[]
  readonly signal?: AbortSignal
}

/**
 * Speaks TLS over a connection and resolves after the handshake. Rejects with `TlsError`, with the signal's reason, or with Node's error when
 * `ca`, `key` or `cert` is not PEM; the connection is then destroyed.
 */
export function connectTls(conn: Conn, options: TlsClientOptions): Promise<TLSSocket> {
  const { servername, signal, alpn = ['http/1.1'], ca = [] } = options
  const named = servername !== undefined && isIP(servername) === 0
  const ends = endsOf(conn)
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      conn.destroy()
      reject(error)
    }
    if (signal?.aborted) return fail(signal.reason)
    let socket: TLSSocket
    try {
      socket = connect({
        socket: conn,
        secureContext: clientContext({
          ca,
          ...(options.key !== undefined && { key: options.key }),
          ...(options.cert !== undefined && { cert: options.cert }),
          ...(options.minVersion !== undefined && { minVersion: options.minVersion }),
          maxVersion: options.maxVersion ?? 'TLSv1.2',
          ...(options.ciphers !== undefined && { ciphers: options.ciphers }),
        }),
        ...(named ? { servername } : servername !== undefined && { host: servername }),
        ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
        // The verdict is OpenSSL's but for dates, so that it is passed below.
        rejectUnauthorized: false,
      })
    } catch (error) {
      return fail(error)
    }
    // To check the name Node makes objects of the whole chain, which takes a fifth of the handshake's time; the leaf will do.
    // (`getPeerX509Certificate` would be quicker, but in Node 24 it empties the chain: later calls find no certificate.)
    const getPeerCertificate = socket.getPeerCertificate.bind(socket)
    let leaf: PeerCertificate | undefined
    socket.getPeerCertificate = () => (leaf = getPeerCertificate(false)) as DetailedPeerCertificate
    const settle = (): void => {
      delete (socket as Partial<TLSSocket>).getPeerCertificate
      socket.removeListener('secureConnect', onSecure)
      socket.removeListener('error', onError)
      signal?.removeEventListener('abort', onAbort)
    }
    const onSecure = (): void => {
      settle()
      const peer = leaf ?? socket.getPeerCertificate()
      const code = verdictOf(socket, peer, options)
      socket.authorized = code === undefined
      socket.authorizationError = (code ?? null) as unknown as Error
      if (code === undefined || options.rejectUnauthorized === false) return resolve(socket)
      socket.destroy()
      fail(certificateError(code, peer, servername, ends))
    }
    const onError = (error: Error): void => {
      settle()
      // What comes after the first error says nothing new.
      socket.on('error', () => {})
      fail(handshakeError(error, servername, ends))
    }
    const onAbort = (): void => {
      settle()
      socket.on('error', () => {})
      socket.destroy()
      fail(signal!.reason)
    }
    socket.on('secureConnect', onSecure)
    socket.on('error', onError)
    signal?.addEventListener('abort', onAbort)
  })
}

/** What is wrong with the server's certificate, by Node's code, or undefined. What OpenSSL stops at first comes first: the chain, the date, and then the name. */
function verdictOf(socket: TLSSocket, leaf: PeerCertificate, { servername, ca = '', clock }: TlsClientOptions): string | undefined {
  // Node's type is wrong: it is the code.
  const said = (socket.authorizationError as unknown as string | null) ?? undefined
  const isDate = said !== undefined && isDateCode(said)
  const chain = isDate ? chainVerdict(socket.getPeerCertificate(true), ca.toString()) : said
  if (chain !== undefined && chain !== WRONG_NAME) return chain
  const date = dateVerdict(leaf, clock.now())
  if (date !== undefined) return date
  // Behind a date that it does not like Node asks for no name.
  const isNamed = !isDate || servername === undefined || checkServerIdentity(servername, leaf) === undefined
  return isNamed ? chain : WRONG_NAME
}

const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID'

function certificateError(code: string, leaf: PeerCertificate, servername: string | undefined, ends: Ends): TlsError {
  const names = code === WRONG_NAME ? (leaf.subjectaltname ?? '') : ''
  const certificateNames = names.split(', ').flatMap((entry) => entry.split(/^(?:DNS|IP Address):/)[1] ?? [])
  const message =
    code === WRONG_NAME
      ? `the certificate is not for ${servername}`
      : code.toLowerCase().replaceAll('_', ' ').replace('cert ', 'certificate ')
  return new TlsError(message, { code, servername, certificateNames, ends })
}

function handshakeError(error: Error, servername: string | undefined, ends: Ends): TlsError {
  const closed = error.message.startsWith('Client network socket disconnected')
  const code = closed ? 'ECLOSED' : (codeOf(error) ?? 'ERR_SSL')
  return new TlsError(error.message, { code, servername, certificateNames: [], ends }, { cause: error })
}
