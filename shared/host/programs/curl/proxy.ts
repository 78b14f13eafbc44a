import type { CurlOptions } from './options.ts'
import { CurlError, EXIT } from './messages.ts'
import type { CurlUrl } from './url.ts'

export interface CurlProxy {
  readonly host: string
  readonly port: number
  readonly user?: string
  readonly password?: string
}

/** curl's own, when a proxy is written without one. (public: curl manual) */
const DEFAULT_PROXY_PORT = 1080

/** The proxy for a URL: `-x`, else the environment (`http_proxy` in lower case only, `https_proxy`, `all_proxy`), unless exempt. (public: curl manual) */
export function proxyFor(url: CurlUrl, options: CurlOptions, env: Readonly<Record<string, string>>): CurlProxy | undefined {
  const fromEnv =
    env[`${url.scheme}_proxy`] ?? (url.scheme === 'http' ? undefined : env['HTTPS_PROXY']) ?? env['all_proxy'] ?? env['ALL_PROXY']
  const written = options.proxy ?? fromEnv
  if (written === undefined || written === '') return undefined
  if (isExempt(url.host, options.noProxy ?? env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined
  const match = /^(?:([a-zA-Z0-9]+):\/\/)?(?:([^@]*)@)?([^:/@]+)(?::(\d+))?\/?$/.exec(written)
  if (match === null) throw new CurlError(EXIT.couldNotResolveProxy, `Couldn't resolve proxy '${written}'`)
  const [, scheme = 'http', inUrl, host, port] = match
  if (scheme !== 'http') throw new CurlError(EXIT.couldNotConnect, `LAB_NOT_EMULATED: ${scheme} proxies; the lab's proxies speak http`)
  const credentials = options.proxyUser ?? (inUrl === undefined ? undefined : decodeURIComponent(inUrl))
  const at = { host: host!, port: port === undefined ? DEFAULT_PROXY_PORT : Number(port) }
  if (credentials === undefined) return at
  const { user, password } = splitCredentials(credentials)
  return { ...at, user, password }
}

/** `user:password` taken apart; without a colon the password is empty (a real curl would ask for it). */
export function splitCredentials(credentials: string): { user: string; password: string } {
  const colon = credentials.indexOf(':')
  return colon < 0 ? { user: credentials, password: '' } : { user: credentials.slice(0, colon), password: credentials.slice(colon + 1) }
}

function isExempt(host: string, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const suffix = entry.replace(/^\./, '').toLowerCase()
      return entry === '*' || host.toLowerCase() === suffix || host.toLowerCase().endsWith(`.${suffix}`)
    })
}
