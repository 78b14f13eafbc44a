import type { TLSSocket } from 'node:tls'
import type { Conn } from '../../kernel/net.ts'
import type { World } from '../../kernel/world.ts'
import { dialName } from '../dial.ts'
import { connectTls } from '../tls/client.ts'
import type { TlsClientOptions } from '../tls/client.ts'
import { tunnel } from './connect.ts'
import type { Proxy } from './connect.ts'

/** How a URL's host is reached: directly or through a proxy's CONNECT, and what is trusted there. */
export interface RouteOptions extends Pick<TlsClientOptions, 'ca' | 'rejectUnauthorized' | 'key' | 'cert' | 'minVersion' | 'maxVersion'> {
  readonly proxy?: Proxy
}

export interface Origin {
  readonly secure: boolean
  readonly host: string
  readonly port: number
}

const SECURE: Readonly<Record<string, boolean>> = { 'https:': true, 'wss:': true, 'http:': false, 'ws:': false }

/** Where a URL leads. Throws TypeError when it is none of http, https, ws, wss. */
export function originOf(url: URL): Origin {
  const secure = SECURE[url.protocol]
  if (secure === undefined) throw new TypeError(`${url.href}: the scheme must be http, https, ws or wss`)
  return { secure, host: url.hostname, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) }
}

/** Opens a connection to an origin, secured when the origin is. Rejects with `DnsError`, `DialError`, `ProxyError`, `ProxyProtocolError`, `TlsError`, or the signal's reason. */
export async function openRoute(world: World, origin: Origin, route: RouteOptions, signal?: AbortSignal): Promise<Conn | TLSSocket> {
  const abort = signal ? { signal } : {}
  const conn = await (route.proxy
    ? tunnel(world, route.proxy, origin.host, origin.port, abort)
    : dialName(world, origin.host, origin.port, abort))
  if (!origin.secure) return conn
  return connectTls(conn, { ...route, ...abort, servername: origin.host, clock: world.clock })
}
