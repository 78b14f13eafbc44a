import { AsyncLocalStorage } from 'node:async_hooks'
import { constants } from 'node:crypto'
import { createServer } from 'node:tls'
import type { SecureContextOptions, SecureVersion, TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import type { Conn } from '../../kernel/net.ts'
import { serverContext } from './contexts.ts'

/** A certificate (leaf first, then its issuers) and its key, both PEM. Treat as immutable: its OpenSSL context is kept with the object. */
export interface TlsIdentity {
  readonly chainPem: string
  readonly keyPem: string
}

export interface TlsServerOptions {
  /** The clock of the host that serves: by it a handshake that is not done after a minute is ended. */
  readonly clock: Pick<Clock, 'after'>
  /**
   * Asked at every handshake, so that a certificate can be changed while serving. A client that names nobody asks for undefined, and a name
   * without an answer gets what undefined gets, as with nginx's default server. Without any the handshake ends with the alert `handshake_failure`.
   */
  readonly identity: (servername: string | undefined) => TlsIdentity | undefined
  /** Ask the client for a certificate. Default false. */
  readonly requestCert?: boolean
  /** End connections whose client certificate was not issued by `ca`. Default false. */
  readonly rejectUnauthorized?: boolean
  /** Issuers of client certificates, PEM. */
  readonly ca?: string
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
  readonly ciphers?: string
  /** Default `['http/1.1']`. */
  readonly alpn?: readonly string[]
  /** A handshake failed; the connection is gone already. */
  readonly onError?: (error: Error) => void
}

/** What the clouds of the seeds negotiate: TLSv1.2, ECDHE-RSA-AES128-GCM-SHA256, http/1.1, an optional client certificate. (seed A) */
export const CLOUD_TLS = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: 'ECDHE-RSA-AES128-GCM-SHA256',
  requestCert: true,
  rejectUnauthorized: false,
} as const satisfies Partial<TlsServerOptions>

/** How long a client may take for the handshake. nginx: client_header_timeout, 60 s by default, also limits the handshake. (public) */
export const HANDSHAKE_MS = 60_000
// Node ends a slow handshake after 120 s of real time unless told otherwise; 0 would mean "unless told otherwise".
const NEVER_MS = 2_147_483_647

/**
 * A function that takes raw connections (give it to `world.net.listen`), does the TLS handshake on each and passes the secured one on, which has the addresses
 * of the raw one. A handshake that takes longer than a minute ends its connection.
 */
export function acceptTls(options: TlsServerOptions, accept: (socket: TLSSocket) => void): (conn: Conn) => void {
  const settings: SecureContextOptions = {
    // The seeds' handshakes have no NewSessionTicket.
    secureOptions: constants.SSL_OP_NO_TICKET,
    ...(options.ca !== undefined && { ca: options.ca }),
    ...(options.minVersion !== undefined && { minVersion: options.minVersion }),
    ...(options.maxVersion !== undefined && { maxVersion: options.maxVersion }),
    ...(options.ciphers !== undefined && { ciphers: options.ciphers }),
  }
  const withIdentity = ({ chainPem, keyPem }: TlsIdentity): SecureContextOptions => ({ ...settings, cert: chainPem, key: keyPem })
  const server = createServer({
    ...settings,
    requestCert: options.requestCert ?? false,
    rejectUnauthorized: options.rejectUnauthorized ?? false,
    ALPNProtocols: [...(options.alpn ?? ['http/1.1'])],
    handshakeTimeout: NEVER_MS,
    SNICallback: (servername, done) => {
      const identity = options.identity(servername)
      done(null, identity && serverContext(identity, withIdentity(identity)))
    },
  })
  let nameless: TlsIdentity | undefined
  // Node's server does not tell which connection a secured one was made of; what it tells comes in that connection's context.
  const handshaking = new AsyncLocalStorage<Conn>()
  const limits = new Map<Conn, Disposable>()
  const settle = (conn: Conn): void => {
    limits.get(conn)?.[Symbol.dispose]()
    limits.delete(conn)
  }
  server.on('secureConnection', (socket) => {
    const conn = handshaking.getStore()!
    settle(conn)
    accept(withAddressesOf(conn, socket))
  })
  server.on('tlsClientError', (error) => options.onError?.(error))
  return (conn) => {
    const identity = options.identity(undefined)
    if (identity !== nameless) {
      server.setSecureContext(identity ? withIdentity(identity) : settings)
      nameless = identity
    }
    limits.set(
      conn,
      options.clock.after(HANDSHAKE_MS, () => conn.destroy()),
    )
    conn.once('close', () => settle(conn))
    handshaking.run(conn, () => server.emit('connection', conn))
  }
}

/** In memory a secured connection has no addresses, and on a kernel those of the machine, not of the lab. */
function withAddressesOf({ localAddress, localPort, remoteAddress, remotePort }: Conn, socket: TLSSocket): TLSSocket {
  return Object.defineProperties(socket, {
    localAddress: { value: localAddress },
    localPort: { value: localPort },
    remoteAddress: { value: remoteAddress },
    remotePort: { value: remotePort },
  })
}
