/** What a curl command line asks for. Times in milliseconds; undefined is curl's own default. */
export interface CurlOptions {
  readonly urls: readonly string[]
  /** `-o` and `-O` in the order given; they belong to the URLs in that order. */
  readonly outputs: readonly ({ readonly path: string } | 'remote-name')[]
  readonly headers: readonly string[]
  readonly data: readonly string[]
  readonly resolve: readonly string[]
  readonly verbose: boolean
  readonly insecure: boolean
  readonly silent: boolean
  readonly showError: boolean
  readonly fail: boolean
  readonly follow: boolean
  readonly head: boolean
  readonly include: boolean
  readonly info: 'version' | 'help' | undefined
  readonly maxRedirs: number
  readonly maxTimeMs: number | undefined
  readonly connectTimeoutMs: number | undefined
  readonly maxFileSize: number | undefined
  readonly caFile: string | undefined
  readonly caPath: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly method: string | undefined
  readonly proxy: string | undefined
  readonly proxyUser: string | undefined
  readonly noProxy: string | undefined
  readonly user: string | undefined
  readonly userAgent: string | undefined
  readonly writeOut: string | undefined
}

type Writable = { -readonly [K in keyof CurlOptions]: CurlOptions[K] } & {
  urls: string[]
  outputs: ({ path: string } | 'remote-name')[]
  headers: string[]
  data: string[]
  resolve: string[]
}

type Setter =
  | { readonly names: readonly string[]; readonly set: (options: Writable) => void }
  | { readonly names: readonly string[]; readonly value: (options: Writable, value: string) => void | 'not a number' }

const CURL_DEFAULT_MAX_REDIRS = 50

function seconds(value: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(value) ? Math.round(Number(value) * 1000) : undefined
}

function whole(value: string): number | undefined {
  return /^-?\d+$/.test(value) ? Number(value) : undefined
}

function number(apply: (options: Writable, parsed: number) => void, parse: (value: string) => number | undefined) {
  return (options: Writable, value: string): void | 'not a number' => {
    const parsed = parse(value)
    if (parsed === undefined) return 'not a number'
    apply(options, parsed)
  }
}

/** Options that only ask for what this curl does anyhow. */
const NOTHING_TO_DO = ['-#', '--progress-bar', '-N', '--no-buffer', '-4', '--ipv4', '-1', '--tlsv1', '--tlsv1.2', '-g', '--globoff']

const SETTERS: readonly Setter[] = [
  { names: ['-v', '--verbose'], set: (o) => void (o.verbose = true) },
  { names: ['-k', '--insecure'], set: (o) => void (o.insecure = true) },
  { names: ['-s', '--silent'], set: (o) => void (o.silent = true) },
  { names: ['-S', '--show-error'], set: (o) => void (o.showError = true) },
  { names: ['-f', '--fail'], set: (o) => void (o.fail = true) },
  { names: ['-L', '--location'], set: (o) => void (o.follow = true) },
  { names: ['-I', '--head'], set: (o) => void (o.head = true) },
  { names: ['-i', '--include'], set: (o) => void (o.include = true) },
  { names: ['-O', '--remote-name'], set: (o) => void o.outputs.push('remote-name') },
  { names: ['-V', '--version'], set: (o) => void (o.info = 'version') },
  { names: ['-h', '--help'], set: (o) => void (o.info = 'help') },
  { names: NOTHING_TO_DO, set: () => {} },
  { names: ['--max-redirs'], value: number((o, n) => void (o.maxRedirs = n), whole) },
  { names: ['-m', '--max-time'], value: number((o, n) => void (o.maxTimeMs = n), seconds) },
  { names: ['--connect-timeout'], value: number((o, n) => void (o.connectTimeoutMs = n), seconds) },
  { names: ['--max-filesize'], value: number((o, n) => void (o.maxFileSize = n), whole) },
  { names: ['--capath'], value: (o, v) => void (o.caPath = v) },
  { names: ['--cacert'], value: (o, v) => void (o.caFile = v) },
  { names: ['-E', '--cert'], value: (o, v) => void (o.certFile = v) },
  { names: ['--key'], value: (o, v) => void (o.keyFile = v) },
  { names: ['-o', '--output'], value: (o, v) => void o.outputs.push({ path: v }) },
  { names: ['-H', '--header'], value: (o, v) => void o.headers.push(v) },
  { names: ['-X', '--request'], value: (o, v) => void (o.method = v) },
  { names: ['-d', '--data', '--data-ascii'], value: (o, v) => void o.data.push(v) },
  { names: ['-x', '--proxy'], value: (o, v) => void (o.proxy = v) },
  { names: ['-U', '--proxy-user'], value: (o, v) => void (o.proxyUser = v) },
  { names: ['--noproxy'], value: (o, v) => void (o.noProxy = v) },
  { names: ['-u', '--user'], value: (o, v) => void (o.user = v) },
  { names: ['-A', '--user-agent'], value: (o, v) => void (o.userAgent = v) },
  { names: ['-w', '--write-out'], value: (o, v) => void (o.writeOut = v) },
  { names: ['--resolve'], value: (o, v) => void o.resolve.push(v) },
  { names: ['--url'], value: (o, v) => void o.urls.push(v) },
]

const LONG_NAMES = SETTERS.flatMap((setter) => setter.names.filter((name) => name.startsWith('--')))

function setterFor(name: string): Setter | undefined {
  return SETTERS.find((setter) => setter.names.includes(name))
}

/** Long names may be cut short as long as they stay unique. (public: curl manual) */
function longSetter(name: string): Setter | 'is unknown' | 'is ambiguous' {
  const exact = setterFor(name)
  if (exact !== undefined) return exact
  const candidates = new Set(LONG_NAMES.filter((known) => known.startsWith(name)).map((known) => setterFor(known)!))
  if (candidates.size > 1) return 'is ambiguous'
  return [...candidates][0] ?? 'is unknown'
}

/** Parses curl's arguments (without `argv[0]`); a string is curl's complaint about them, after `curl: `. (public: curl 7.44 tool_getparam.c) */
export function parseCurlOptions(args: readonly string[]): CurlOptions | string {
  const options: Writable = {
    urls: [],
    outputs: [],
    headers: [],
    data: [],
    resolve: [],
    verbose: false,
    insecure: false,
    silent: false,
    showError: false,
    fail: false,
    follow: false,
    head: false,
    include: false,
    info: undefined,
    maxRedirs: CURL_DEFAULT_MAX_REDIRS,
    maxTimeMs: undefined,
    connectTimeoutMs: undefined,
    maxFileSize: undefined,
    caFile: undefined,
    caPath: undefined,
    certFile: undefined,
    keyFile: undefined,
    method: undefined,
    proxy: undefined,
    proxyUser: undefined,
    noProxy: undefined,
    user: undefined,
    userAgent: undefined,
    writeOut: undefined,
  }
  let onlyUrls = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (onlyUrls || !arg.startsWith('-') || arg === '-') {
      options.urls.push(arg)
      continue
    }
    if (arg === '--') {
      onlyUrls = true
      continue
    }
    const long = arg.startsWith('--')
    for (let at = 1; at < arg.length; at++) {
      const setter = long ? longSetter(arg) : (setterFor(`-${arg[at]!}`) ?? 'is unknown')
      if (typeof setter === 'string') return `option ${arg}: ${setter}`
      if ('set' in setter) setter.set(options)
      else {
        const value = (long ? undefined : arg.slice(at + 1) || undefined) ?? args[++i]
        if (value === undefined) return `option ${arg}: requires parameter`
        if (setter.value(options, value) === 'not a number') return `option ${arg}: expected a proper numerical parameter`
      }
      if (long || 'value' in setter) break
    }
  }
  return options
}
