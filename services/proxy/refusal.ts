import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http'
import type { ProxySettings } from '../../shared/contract/admin.ts'
import { isSameSecret } from '../../shared/host/same-secret.ts'
import { codeOf } from '../../shared/kernel/errors.ts'

/** An answer of the proxy itself. The reason phrase is the status's own, which is what clients print. */
export interface Refusal {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: string
}

/** A refusal in one sentence, as a page. The pages' wording is invented. */
export function refuse(status: number, sentence: string, headers: OutgoingHttpHeaders = {}): Refusal {
  return {
    status,
    headers,
    body: `<html><head><title>${status} ${STATUS_CODES[status]}</title></head><body>${escaped(sentence)}</body></html>\n`,
  }
}

/** Why a client may not go to this host, or undefined when it may: 407 without the right credentials, 403 for a denied name. */
export function objection(settings: ProxySettings, credentials: string | undefined, host: string): Refusal | undefined {
  if (settings.authentication !== null && !isGranted(settings.authentication, credentials)) {
    return refuse(407, 'This proxy needs a user name and a password.', { 'Proxy-Authenticate': 'Basic realm="proxy"' })
  }
  if (settings.deny.some((pattern) => isCovered(pattern.toLowerCase(), host.toLowerCase())))
    return refuse(403, `The policy forbids ${host}.`)
  return undefined
}

/** What an error on the way to the target is called: 504 when nobody answered, else 502. */
export function upstreamRefusal(host: string, error: unknown): Refusal {
  const code = codeOf(error)
  if (code === 'ETIMEDOUT' || code === 'ETIMEOUT' || code === 'EDEADLINE') return refuse(504, `${host} does not answer.`)
  return refuse(502, `${host} cannot be reached: ${code ?? (error as Error).message}.`)
}

function isGranted({ user, password }: { user: string; password: string }, credentials: string | undefined): boolean {
  const sent = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(credentials ?? '')?.[1] ?? ''
  return isSameSecret(Buffer.from(sent, 'base64'), `${user}:${password}`)
}

/** A name, or `*.zone` for everything below a zone. */
function isCovered(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
