import { Duplex } from 'node:stream'
import type { Conn } from '../../kernel/net.ts'

/** One handshake message, change-cipher-spec or alert that passed. */
export interface TlsRecord {
  readonly direction: 'in' | 'out'
  /** 20 change cipher spec, 21 alert, 22 handshake. */
  readonly contentType: 20 | 21 | 22
  /**
   * With 22: 1 client hello, 2 server hello, 4 new session ticket, 11 certificate, 12 server key exchange, 13 certificate request,
   * 14 server hello done, 15 certificate verify, 16 client key exchange, 20 finished.
   */
  readonly handshakeType?: number
  /** With 21, while alerts are in clear: the description, e.g. 40 handshake failure. */
  readonly alert?: number
  /** The version a hello names; of all else the record's, e.g. `TLSv1.2`. */
  readonly version: string
}

const VERSIONS: Readonly<Record<number, string>> = {
  0x0300: 'SSLv3',
  0x0301: 'TLSv1.0',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
  0x0304: 'TLSv1.3',
}
const versionName = (version: number): string => VERSIONS[version] ?? `0x${version.toString(16).padStart(4, '0')}`

const CHANGE_CIPHER_SPEC = 20
const ALERT = 21
const HANDSHAKE = 22
const FINISHED = 20

/**
 * Reads one direction of a TLS connection from its bytes, however they are cut. After change-cipher-spec the messages are encrypted: the
 * first is Finished (TLS 1.2), and later ones are not reported.
 */
export function readRecords(direction: 'in' | 'out', onRecord: (record: TlsRecord) => void): (chunk: Uint8Array) => void {
  let pending: Buffer = Buffer.alloc(0)
  let messages: Buffer = Buffer.alloc(0)
  let encrypted = false
  let finished = false

  const handshake = (version: string, body: Buffer): void => {
    if (encrypted) {
      if (!finished) onRecord({ direction, contentType: HANDSHAKE, handshakeType: FINISHED, version })
      finished = true
      return
    }
    messages = Buffer.concat([messages, body])
    while (messages.length >= 4) {
      const end = 4 + messages.readUIntBE(1, 3)
      if (messages.length < end) return
      const type = messages[0]!
      const hello = (type === 1 || type === 2) && end >= 6
      onRecord({ direction, contentType: HANDSHAKE, handshakeType: type, version: hello ? versionName(messages.readUInt16BE(4)) : version })
      messages = messages.subarray(end)
    }
  }

  return (chunk) => {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk])
    while (pending.length >= 5) {
      const end = 5 + pending.readUInt16BE(3)
      if (pending.length < end) return
      const contentType = pending[0]
      const version = versionName(pending.readUInt16BE(1))
      const body = pending.subarray(5, end)
      if (contentType === HANDSHAKE) handshake(version, body)
      else if (contentType === CHANGE_CIPHER_SPEC) {
        onRecord({ direction, contentType, version })
        encrypted = true
      } else if (contentType === ALERT) {
        onRecord({ direction, contentType, version, ...(!encrypted && body.length === 2 && { alert: body[1]! }) })
      }
      pending = pending.subarray(end)
    }
  }
}

/**
 * Wraps a connection: give the result to `connectTls`. Calls back, in order, for what really passes; application data is not reported.
 * A stream in between, not taps: over a real socket Node's TLS reads below its events.
 */
export function traceHandshake(conn: Conn, onRecord: (record: TlsRecord) => void): Conn {
  const incoming = readRecords('in', onRecord)
  const outgoing = readRecords('out', onRecord)
  const traced = new Duplex({
    read: () => {
      conn.resume()
    },
    write: (chunk: Buffer, _encoding, done) => {
      outgoing(chunk)
      conn.write(chunk, done)
    },
    final: (done) => {
      conn.end()
      done()
    },
    destroy: (error, done) => {
      conn.destroy()
      done(error)
    },
  })
  conn.on('data', (chunk: Buffer) => {
    incoming(chunk)
    if (!traced.push(chunk)) conn.pause()
  })
  conn.on('end', () => traced.push(null))
  conn.on('error', (error) => traced.destroy(error))
  conn.on('close', () => traced.destroy())
  return Object.defineProperties(traced, {
    localAddress: { get: () => conn.localAddress },
    localPort: { get: () => conn.localPort },
    remoteAddress: { get: () => conn.remoteAddress },
    remotePort: { get: () => conn.remotePort },
    resetAndDestroy: {
      value: () => {
        conn.resetAndDestroy()
        return traced.destroy()
      },
    },
  }) as unknown as Conn
}
