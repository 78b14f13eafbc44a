import type { Clock } from '../../shared/kernel/clock.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import { HANDSHAKE_MS } from '../../shared/wire/tls/server.ts'

const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
/** The fixed part of a record, of a handshake message and of the hello up to its session id. (RFC 5246) */
const BEFORE_SESSION_ID = 5 + 4 + 2 + 32

/** The server name that a ClientHello asks for, or undefined when it asks for none or is none. (RFC 6066) */
export function serverNameIn(hello: Buffer): string | undefined {
  try {
    if (hello[0] !== HANDSHAKE_RECORD || hello[5] !== CLIENT_HELLO) return undefined
    let at = BEFORE_SESSION_ID
    at += 1 + hello.readUInt8(at)
    at += 2 + hello.readUInt16BE(at)
    at += 1 + hello.readUInt8(at)
    const end = at + 2 + hello.readUInt16BE(at)
    for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
      if (hello.readUInt16BE(at) !== SERVER_NAME) continue
      const length = hello.readUInt16BE(at + 7)
      return hello.toString('latin1', at + 9, at + 9 + length).toLowerCase()
    }
    return undefined
  } catch (error) {
    // It ends too early: no hello that a server would go by.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Looks at what a client sends first, without taking it away. `seen` is not called for a client that says nothing: its connection ends after a minute. */
export function peekHello(conn: Conn, clock: Pick<Clock, 'after'>, seen: (hello: Buffer) => void): void {
  const left = () => conn.destroy()
  const limit = clock.after(HANDSHAKE_MS, left)
  conn.once('close', () => limit[Symbol.dispose]())
  const look = () => {
    const hello = conn.read() as Buffer | null
    if (hello === null) return void conn.once('readable', look)
    conn.removeListener('end', left)
    limit[Symbol.dispose]()
    conn.unshift(hello)
    seen(hello)
  }
  conn.on('error', () => {}) // A client may reset what nobody reads yet.
  conn.once('end', left)
  look()
}
