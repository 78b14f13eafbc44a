import { absolutePath, readInput } from '../files.ts'
import type { CurlProxy } from './proxy.ts'
import { splitCredentials } from './proxy.ts'
import { CurlError, EXIT } from './messages.ts'
import type { Session } from './session.ts'
import { hostHeader, type CurlUrl } from './url.ts'

/** Printed by the appliance's curl. (seed A) */
export const USER_AGENT = 'curl/7.44.0'

export interface RequestPlan {
  readonly method: string
  readonly body: Buffer | undefined
}

/** The method and body of the first request of a command line. */
export async function planRequest(session: Session): Promise<RequestPlan> {
  const { options } = session
  const body = options.data.length === 0 ? undefined : await readData(session)
  const method = options.method ?? (options.head ? 'HEAD' : body === undefined ? 'GET' : 'POST')
  return { method, body }
}

/** `-d` parts joined with `&`; `@FILE` (`@-`: standard input) stands for its content without line ends. (public: curl manual) */
async function readData(session: Session): Promise<Buffer> {
  const parts: string[] = []
  for (const part of session.options.data) {
    if (!part.startsWith('@')) {
      parts.push(part)
      continue
    }
    try {
      const content =
        part === '@-'
          ? await readInput(session.invocation)
          : await session.world.files.read(absolutePath(session.invocation, part.slice(1)))
      parts.push(content.toString('latin1').replace(/[\r\n]/g, ''))
    } catch {
      session.invocation.stderr.write(`Warning: Couldn't read data from file "${part.slice(1)}", this makes an empty POST.\n`)
      parts.push('')
    }
  }
  return Buffer.from(parts.join('&'), 'latin1')
}

/** `Basic` credentials as header value. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** Who logs in to the server of a URL: `-u`, only where the first URL pointed, else the URL's own. */
export function credentialsFor(session: Session, url: CurlUrl, firstHost: string): { user: string; password: string } | undefined {
  const written = (url.host === firstHost ? session.options.user : undefined) ?? url.credentials
  return written === undefined ? undefined : splitCredentials(written)
}

/**
 * A request head with its final empty line, header order as curl 7.44's. `-H 'Name: value'` replaces a header of curl's own, `-H 'Name:'`
 * drops it. `viaProxy` sends the whole URL, as for plain HTTP through a proxy. (order: seed A; public: curl 7.44 http.c)
 */
export function requestHead(
  session: Session,
  url: CurlUrl,
  plan: RequestPlan,
  login: { user: string; password: string } | undefined,
  viaProxy: CurlProxy | undefined,
): string {
  const custom = session.options.headers.map((line) => {
    const colon = line.search(/[:;]/)
    if (colon < 0) throw new CurlError(EXIT.badUsage, `header '${line}' has no colon`)
    return { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim(), keepsEmpty: line[colon] === ';' }
  })
  const overridden = (name: string): boolean => custom.some((header) => header.name.toLowerCase() === name.toLowerCase())
  const own: [string, string | undefined][] = [
    ['Host', hostHeader(url)],
    ['Proxy-Authorization', viaProxy?.user === undefined ? undefined : basic(viaProxy.user, viaProxy.password ?? '')],
    ['Authorization', login === undefined ? undefined : basic(login.user, login.password)],
    ['User-Agent', session.options.userAgent ?? USER_AGENT],
    ['Accept', '*/*'],
    ['Proxy-Connection', viaProxy === undefined ? undefined : 'Keep-Alive'],
  ]
  const lines = own.flatMap(([name, value]) => (value === undefined || value === '' || overridden(name) ? [] : [`${name}: ${value}`]))
  const hostLine = custom.find((header) => header.name.toLowerCase() === 'host' && header.value !== '')
  if (hostLine !== undefined) lines.unshift(`Host: ${hostLine.value}`)
  for (const header of custom)
    if (header !== hostLine && (header.value !== '' || header.keepsEmpty)) lines.push(`${header.name}: ${header.value}`.trimEnd())
  if (plan.body !== undefined) {
    if (!overridden('Content-Length')) lines.push(`Content-Length: ${plan.body.length}`)
    if (!overridden('Content-Type')) lines.push('Content-Type: application/x-www-form-urlencoded')
  }
  const target = viaProxy === undefined ? url.path : `http://${hostHeader(url)}${url.path}`
  return [`${plan.method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}
