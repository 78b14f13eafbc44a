import { codeOf } from '../../kernel/errors.ts'
import type { Conn } from '../../kernel/net.ts'
import type { World } from '../../kernel/world.ts'
import { dialName } from '../dial.ts'
import { endsOf } from '../ends.ts'
import type { Ends } from '../ends.ts'

export interface Proxy {
  readonly host: string
  readonly port: number
  /** Basic credentials. */
  readonly user?: string
  readonly password?: string
}

/** The proxy answered CONNECT with something else than 2xx. */
export class ProxyError extends Error {
  readonly code = 'EPROXY'
  readonly status: number
  /** The reason phrase, e.g. `Proxy Authentication Required`. */
  readonly reason: string
  constructor(status: number, reason: string) {
    super(`proxy answered ${status} ${reason}`)
    this.name = 'ProxyError'
    this.status = status
    this.reason = reason
  }
}

/** The proxy ended the connection before it answered CONNECT (ECLOSED, ECONNRESET, ETIMEDOUT) or sent what is no HTTP answer (EMALFORMED). */
export class ProxyProtocolError extends Error {
  readonly code: string
  readonly ends: Ends
  constructor(code: string, message: string, ends: Ends, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProxyProtocolError'
    this.code = code
    this.ends = ends
  }
}

export interface ConnectAnswer {
  readonly httpVersion: string
  readonly status: number
  readonly reason: string
  /** Name and value pairs as they came. */
  readonly headers: readonly (readonly [string, string])[]
}

export interface ConnectOptions {
  /** Sent after Host and Proxy-Authorization, as written. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly signal?: AbortSignal
}

/** More than any proxy's answer; whatever sends more without an empty line is no proxy. */
const HEAD_BYTES = 65_536

/**
 * Asks for CONNECT on a connection to a proxy and resolves with whatever it answers; what came after the answer is left in the connection.
 * Rejects with `ProxyProtocolError` or the signal's reason; the connection is then destroyed.
 */
export async function askConnect(
  conn: Conn,
  proxy: Proxy,
  host: string,
  port: number,
  options: ConnectOptions = {},
): Promise<ConnectAnswer> {
  const ends = endsOf(conn)
  const credentials =
    proxy.user === undefined
      ? []
      : [['Proxy-Authorization', `Basic ${Buffer.from(`${proxy.user}:${proxy.password ?? ''}`).toString('base64')}`] as const]
  const headers = [['Host', `${host}:${port}`] as const, ...credentials, ...(options.headers ?? [])]
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  let received: Buffer = Buffer.alloc(0)
  const onReadable = (): void => {
    for (let chunk = conn.read() as Buffer | null; chunk !== null; chunk = conn.read() as Buffer | null) {
      received = Buffer.concat([received, chunk])
      const end = received.indexOf('\r\n\r\n')
      if (end === -1 && received.length <= HEAD_BYTES) continue
      if (end === -1) return reject(new ProxyProtocolError('EMALFORMED', printableStart(received), ends))
      // First: what is put back is announced as readable again.
      conn.removeListener('readable', onReadable)
      const rest = received.subarray(end + 4)
      if (rest.length > 0) conn.unshift(rest)
      return resolve(received.subarray(0, end))
    }
  }
  const onEnd = (): void => reject(new ProxyProtocolError('ECLOSED', 'the proxy closed the connection before it answered CONNECT', ends))
  const onError = (error: Error): void => reject(new ProxyProtocolError(codeOf(error) ?? 'ECLOSED', error.message, ends, { cause: error }))
  const onAbort = (): void => reject(options.signal!.reason as Error)
  conn.on('readable', onReadable)
  conn.on('end', onEnd)
  conn.on('error', onError)
  conn.on('close', onEnd)
  options.signal?.addEventListener('abort', onAbort)
  try {
    options.signal?.throwIfAborted()
    conn.write(`CONNECT ${host}:${port} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    return parseHead(await promise, ends)
  } catch (error) {
    conn.destroy()
    throw error
  } finally {
    conn.removeListener('readable', onReadable)
    conn.removeListener('end', onEnd)
    conn.removeListener('close', onEnd)
    if (!conn.destroyed) conn.removeListener('error', onError)
    options.signal?.removeEventListener('abort', onAbort)
  }
}

function parseHead(head: Buffer, ends: Ends): ConnectAnswer {
  const [first = '', ...rest] = head.toString('latin1').split('\r\n')
  const status = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(first)
  if (status === null) throw new ProxyProtocolError('EMALFORMED', printableStart(head), ends)
  const headers = rest.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  return { httpVersion: status[1]!, status: Number(status[2]), reason: status[3] ?? '', headers }
}

const printableStart = (data: Buffer): string => data.subarray(0, 80).toString('latin1').split('\r\n')[0]!

/**
 * A connection to `host:port` through a proxy, which resolves the name. Rejects with `DnsError` or `DialError` (of the proxy),
 * `ProxyError`, `ProxyProtocolError`, or the signal's reason.
 */
export async function tunnel(world: World, proxy: Proxy, host: string, port: number, options: ConnectOptions = {}): Promise<Conn> {
  const conn = await dialName(world, proxy.host, proxy.port, options.signal ? { signal: options.signal } : {})
  const answer = await askConnect(conn, proxy, host, port, options)
  if (answer.status >= 200 && answer.status < 300) return conn
  // A refusal may have a body that nobody reads.
  conn.on('error', () => {})
  conn.destroy()
  throw new ProxyError(answer.status, answer.reason)
}
