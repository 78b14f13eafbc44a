import type { Files } from '../../../shared/kernel/files.ts'
import { codeOf } from '../../../shared/kernel/errors.ts'
import type { Proxy } from '../../../shared/wire/http/connect.ts'

/** Where *System > Configuration > Management Interfaces > Proxy* is stored (public P08). */
export const PROXY_FILE = '/etc/sf/iprep_proxy.conf'

/**
 * The FMC's HTTP proxy, or undefined when none is set. The block and the names PROXY_HOST and PROXY_PORT are public (P08); PROXY_USER and
 * PROXY_PASSWORD are invented. A file without a host or with a port that is no port counts as no proxy.
 */
export async function readProxy(files: Files): Promise<Proxy | undefined> {
  let text: string
  try {
    text = (await files.read(PROXY_FILE)).toString('utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  const value = (name: string): string | undefined => new RegExp(`^\\s*${name}\\s+(.*?)\\s*;\\s*$`, 'm').exec(text)?.[1]
  const host = value('PROXY_HOST')
  const port = Number(value('PROXY_PORT'))
  if (!host || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  const user = value('PROXY_USER')
  const password = value('PROXY_PASSWORD')
  return { host, port, ...(user && { user }), ...(password && { password }) }
}

/** The text of the file for these settings. */
export function formatProxy(proxy: Proxy): string {
  const rows = [`PROXY_HOST ${proxy.host};`, `PROXY_PORT ${proxy.port};`]
  if (proxy.user !== undefined) rows.push(`PROXY_USER ${proxy.user};`)
  if (proxy.password !== undefined) rows.push(`PROXY_PASSWORD ${proxy.password};`)
  return `iprep_proxy {\n${rows.join('\n')}\n}\n`
}
