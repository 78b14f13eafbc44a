/** A URL as curl takes it apart. */
export interface CurlUrl {
  /** As it is now called: with a path, e.g. `localhost:8989/`. */
  readonly text: string
  /** The path was missing and `/` was added. */
  readonly rebuilt: boolean
  readonly scheme: string
  readonly host: string
  readonly port: number
  /** Path and query, as sent. */
  readonly path: string
  /** `user:password` of the URL. */
  readonly credentials: string | undefined
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** Takes a URL apart; the scheme is `http` when none is written. Undefined when it is malformed. (public: curl 7.44 url.c) */
export function parseCurlUrl(written: string): CurlUrl | undefined {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?(?:([^/?#@]*)@)?([^/?#:@\s]*)(?::(\d*))?([/?#].*)?$/.exec(written)
  if (match === null) return undefined
  const [, scheme = 'http', credentials, host = '', port = '', rest = ''] = match
  if (host === '') return undefined
  const portNumber = port === '' ? (DEFAULT_PORTS[scheme.toLowerCase()] ?? 0) : Number(port)
  if (portNumber > 65_535) return undefined
  const hash = rest.indexOf('#')
  const withoutFragment = hash < 0 ? rest : rest.slice(0, hash)
  const rebuilt = !withoutFragment.startsWith('/')
  const path = rebuilt ? `/${withoutFragment}` : withoutFragment
  const before = rest === '' ? written : written.slice(0, written.length - rest.length)
  return {
    text: rebuilt ? `${before}${path}` : written,
    rebuilt,
    scheme: scheme.toLowerCase(),
    host,
    port: portNumber,
    path,
    credentials,
  }
}

/** The URL that a `Location` header means. (public: RFC 3986) */
export function redirectTarget(from: CurlUrl, location: string): string {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location)) return location
  const origin = `${from.scheme}://${from.host}${from.port === DEFAULT_PORTS[from.scheme] ? '' : `:${from.port}`}`
  if (location.startsWith('//')) return `${from.scheme}:${location}`
  if (location.startsWith('/')) return `${origin}${location}`
  const folder = from.path.split('?')[0]!
  return `${origin}${folder.slice(0, folder.lastIndexOf('/') + 1)}${location}`
}

/** `HOST`, with the port unless it is the scheme's own, as in a `Host` header. */
export function hostHeader(url: CurlUrl): string {
  return url.port === DEFAULT_PORTS[url.scheme] ? url.host : `${url.host}:${url.port}`
}
