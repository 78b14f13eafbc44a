import type { HeaderVariant } from './config.ts'

/** The static page behind `403 Forbidden`, as the seeds show it. */
export const FORBIDDEN_BODY = 'Forbidden'

/** When the static page was last changed, epoch seconds: the part before the dash of the recorded ETags (seeds A, C). */
const PAGE_MODIFIED_S: Readonly<Record<HeaderVariant, number>> = { 'april-2020': 0x5e17b3f8, 'december-2020': 0x5fb40950 }

/** The recorded security headers, in their order and spelling (seed A; seed C). */
const SECURITY: Readonly<Record<HeaderVariant, readonly string[]>> = {
  'april-2020': [
    'Cache-Control',
    'no-store',
    'Pragma',
    'no-cache',
    'Content-Security-Policy',
    "default-src 'self'",
    'X-Content-Type-Options',
    'nosniff',
    'X-XSS-Protection',
    '1; mode=block',
    'Strict-Transport-Security',
    'max-age=31536000; includeSubdomains;',
  ],
  'december-2020': [
    'Cache-Control',
    'no-store',
    'Pragma',
    'no-cache',
    'Content-Security-Policy',
    'default-src https: ;',
    'X-Content-Type-Options',
    'nosniff',
    'X-XSS-Protection',
    '1; mode=block',
    'X-Frame-Options',
    'SAMEORIGIN',
    'Strict-Transport-Security',
    'max-age=31536000; includeSubDomains',
  ],
}

/** nginx's ETag of a static file: `"<hex mtime>-<hex size>"`. */
export function etagOf(modifiedS: number, size: number): string {
  return `"${modifiedS.toString(16)}-${size.toString(16)}"`
}

export interface HeadOptions {
  readonly variant: HeaderVariant
  /** Lab time, epoch milliseconds. */
  readonly now: number
  readonly contentType: string
  readonly contentLength: number
  readonly keepAlive: boolean
  /** The static page's; only the 403 has one. */
  readonly etag?: string
  /** Further pairs, put before the security headers. */
  readonly extra?: readonly string[]
}

/** A response's headers as a flat list of names and values, in the recorded order. */
export function headersOf(options: HeadOptions): string[] {
  return [
    'Date',
    new Date(options.now).toUTCString(),
    'Content-Type',
    options.contentType,
    'Content-Length',
    String(options.contentLength),
    ...(options.keepAlive ? ['Connection', 'keep-alive', 'Keep-Alive', `timeout=${KEEP_ALIVE_MS / 1_000}`] : ['Connection', 'close']),
    ...(options.etag === undefined ? [] : ['ETag', options.etag]),
    ...(options.extra ?? []),
    ...SECURITY[options.variant],
  ]
}

/** How long a connection may idle after its last request: `Keep-Alive: timeout=5` (seed A). */
export const KEEP_ALIVE_MS = 5_000

/** The ETag of the 403 page (seed A `"5e17b3f8-9"`, seed C `"5fb40950-9"`). */
export function forbiddenEtag(variant: HeaderVariant): string {
  return etagOf(PAGE_MODIFIED_S[variant], FORBIDDEN_BODY.length)
}
