import { PROXY_FILE } from '../../../shared/contract/device-files.ts'
import type { Files } from '../../../shared/kernel/files.ts'
import type { Proxy } from '../../../shared/wire/http/connect.ts'
import { readText, removeIfThere } from '../../../shared/host/optional-files.ts'

/** The resolver's configuration, as every program of the device reads it. (public: Linux) */
const RESOLV_CONF = '/etc/resolv.conf'
const HOSTNAME_FILE = '/etc/hostname'

/** What the device resolves names with. */
export interface DnsConfig {
  readonly servers: readonly string[]
  readonly searchDomains: readonly string[]
}

/** Reads `/etc/resolv.conf`; no servers when there is none. */
export async function readDns(files: Files): Promise<DnsConfig> {
  const lines = ((await readText(files, RESOLV_CONF)) ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  return {
    servers: lines.filter(([key]) => key === 'nameserver').flatMap(([, server]) => server ?? []),
    searchDomains:
      lines
        .filter(([key]) => key === 'search' || key === 'domain')
        .at(-1)
        ?.slice(1) ?? [],
  }
}

/** Writes `/etc/resolv.conf` anew. */
export async function writeDns(files: Files, { servers, searchDomains }: DnsConfig): Promise<void> {
  const search = searchDomains.length > 0 ? `search ${searchDomains.join(' ')}\n` : ''
  await files.write(RESOLV_CONF, search + servers.map((server) => `nameserver ${server}\n`).join(''))
}

/** Sets the name that the appliance gives itself. */
export async function writeHostname(files: Files, hostname: string): Promise<void> {
  await files.write(HOSTNAME_FILE, `${hostname}\n`)
}

/** The proxy that the device's management traffic must use, read anew at every call; undefined without one. */
export async function readProxy(files: Files): Promise<Proxy | undefined> {
  const entries = ((await readText(files, PROXY_FILE)) ?? '').split('\n').flatMap((line) => {
    const at = line.indexOf('=')
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
  })
  const { address, port, user, password } = Object.fromEntries(entries)
  if (address === undefined || address === '' || !isPort(port)) return undefined
  return { host: address, port: Number(port), ...(user !== undefined && { user, password: password ?? '' }) }
}

/** Sets the proxy, or takes it away. The file has a password: it is root's and the daemons', of which the connector's user has the group. */
export async function writeProxy(files: Files, proxy: Proxy | undefined): Promise<void> {
  if (proxy === undefined) return await removeIfThere(files, PROXY_FILE)
  const credentials = proxy.user === undefined ? '' : `user=${proxy.user}\npassword=${proxy.password ?? ''}\n`
  await files.write(PROXY_FILE, `address=${proxy.host}\nport=${proxy.port}\n${credentials}`, { mode: 0o640 })
}

/** Whether a text is a port number. */
export function isPort(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
}

/** Whether a text is a host name (RFC 1123) or a dotted address. */
export function isHostname(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text)
}
