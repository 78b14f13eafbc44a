import { isIPv4 } from 'node:net'
import type { DecodedPacket, RecordType } from 'dns-packet'
import { codeOf } from '../../kernel/errors.ts'
import type { Endpoint, Ip } from '../../kernel/net.ts'
import type { World } from '../../kernel/world.ts'
import { ask } from './exchange.ts'
import { rcodeOf } from './message.ts'

/** ENOTFOUND: NXDOMAIN. ENODATA: the name has no record of the type. ENOSERVER: no server is configured. ESERVFAIL, ETIMEOUT and ECONNREFUSED: no server gave an answer. */
export type DnsErrorCode = 'ENOTFOUND' | 'ENODATA' | 'ESERVFAIL' | 'ETIMEOUT' | 'ECONNREFUSED' | 'ENOSERVER'

/** A name could not be resolved. */
export class DnsError extends Error {
  readonly code: DnsErrorCode
  /** The name that was asked for. (`name` is the error's own.) */
  readonly hostname: string
  /** The server that said so, or that was asked last; absent with ENOSERVER. */
  readonly server: Ip | undefined
  /** Where the last question was sent from, for wording such as `read udp A:P->S:53: i/o timeout`. */
  readonly local: Endpoint | undefined
  constructor(code: DnsErrorCode, hostname: string, server?: Ip, local?: Endpoint) {
    super(`query ${code} ${hostname}`)
    this.name = 'DnsError'
    this.code = code
    this.hostname = hostname
    this.server = server
    this.local = local
  }
}

export interface DnsQueryOptions {
  /** Ask these instead of the servers of `/etc/resolv.conf`. */
  readonly servers?: readonly Ip[]
  /** How long each question waits. Default 5,000 of lab time. */
  readonly timeoutMs?: number
  /** How often each server is asked. Default 2. */
  readonly tries?: number
  readonly signal?: AbortSignal
}

export interface DnsAnswer {
  readonly server: Ip
  /** Where the question was sent from. */
  readonly local: Endpoint
  readonly message: DecodedPacket
  /** NOERROR, NXDOMAIN, SERVFAIL, REFUSED … */
  readonly rcode: string
}

export interface Resolver {
  /** The IPv4 addresses of a name, in the server's order. Rejects with `DnsError`, or the signal's reason. */
  lookup(name: string, signal?: AbortSignal): Promise<readonly Ip[]>
  /** One question, whatever the answer says (`rcode`). Rejects with `DnsError` only when no server answered or none is configured. */
  query(name: string, type: RecordType, options?: DnsQueryOptions): Promise<DnsAnswer>
  /** The name of an address: `/etc/hosts`, then its PTR record; undefined when there is none or nobody answers. */
  reverse(address: Ip): Promise<string | undefined>
  /** The servers of `/etc/resolv.conf` as they are now. */
  servers(): Promise<readonly Ip[]>
}

/** As the C library: 5 s a question, 2 rounds over the servers, at most 3 servers. (public: resolv.conf(5)) */
const TIMEOUT_MS = 5_000
const TRIES = 2
const SERVERS = 3

/**
 * The host's resolver. `/etc/hosts` and `/etc/resolv.conf` are read anew at every call; no cache. Servers are asked in order, a server that
 * answers SERVFAIL or REFUSED, that is silent or whose port is closed gives way to the next. (public: resolver(3))
 */
export function createResolver(world: World): Resolver {
  const servers = async (): Promise<Ip[]> =>
    (await lines(world, '/etc/resolv.conf'))
      .flatMap(([key, address]) => (key === 'nameserver' && isIPv4(address ?? '') ? [address!] : []))
      .slice(0, SERVERS)

  const query = async (name: string, type: RecordType, options: DnsQueryOptions = {}): Promise<DnsAnswer> => {
    const from = options.servers ?? (await servers())
    let unhelpful: DnsAnswer | undefined
    let failure = new DnsError('ENOSERVER', name)
    for (let round = 0; round < (options.tries ?? TRIES); round++) {
      for (const server of from) {
        const exchange = await ask(world, server, name, type, options.timeoutMs ?? TIMEOUT_MS, options.signal)
        if (exchange.kind === 'failure') {
          failure = new DnsError(exchange.code, name, server, exchange.local)
          continue
        }
        const answer = { server, local: exchange.local, message: exchange.message, rcode: rcodeOf(exchange.message) }
        if (answer.rcode === 'NOERROR' || answer.rcode === 'NXDOMAIN') return answer
        unhelpful = answer
      }
    }
    if (unhelpful !== undefined) return unhelpful
    throw failure
  }

  return {
    servers,
    query,
    async lookup(name, signal) {
      if (isIPv4(name)) return [name]
      const fixed = (await lines(world, '/etc/hosts')).filter(
        ([address, ...names]) => isIPv4(address ?? '') && names.some((one) => same(one, name)),
      )
      if (fixed.length > 0) return fixed.map(([address]) => address!)
      const answer = await query(name, 'A', signal ? { signal } : {})
      if (answer.rcode === 'NXDOMAIN') throw new DnsError('ENOTFOUND', name, answer.server, answer.local)
      if (answer.rcode !== 'NOERROR') throw new DnsError('ESERVFAIL', name, answer.server, answer.local)
      const addresses = (answer.message.answers ?? []).flatMap((record) => (record.type === 'A' ? [record.data] : []))
      if (addresses.length === 0) throw new DnsError('ENODATA', name, answer.server, answer.local)
      return addresses
    },
    async reverse(address) {
      const fixed = (await lines(world, '/etc/hosts')).find((fields) => fields[0] === address)?.[1]
      if (fixed !== undefined) return fixed
      try {
        const { message } = await query(`${address.split('.').toReversed().join('.')}.in-addr.arpa`, 'PTR')
        return message.answers?.flatMap((record) => (record.type === 'PTR' ? [record.data] : []))[0]
      } catch (error) {
        if (error instanceof DnsError) return undefined
        throw error
      }
    },
  }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** The fields of each line without its comment; none when the file does not exist. */
async function lines(world: World, path: string): Promise<string[][]> {
  let text
  try {
    text = (await world.files.read(path)).toString('utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
  return text.split('\n').map((line) =>
    line
      .replace(/[#;].*/, '')
      .split(/\s+/)
      .filter(Boolean),
  )
}
