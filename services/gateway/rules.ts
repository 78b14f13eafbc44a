import type { GatewayRule, GatewayShape } from '../../shared/contract/admin.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import { parsePrefix } from '../../shared/kernel/ip.ts'
import type { Forwarding, Ip } from '../../shared/kernel/net.ts'

/** The addresses that a lower-case name stands for now; none while it is not known. */
export type AddressesOf = (name: string) => readonly Ip[]

/** What rules and shapes have in common: which packets they are about. */
export type Traffic = Pick<GatewayRule, 'from' | 'to' | 'protocol' | 'port'>

/** The names in these rules or shapes, lower case, each once. */
export function namesIn(entries: readonly Traffic[]): ReadonlySet<string> {
  return new Set(
    entries
      .flatMap((entry) => [...(entry.from ?? []), ...(entry.to ?? [])])
      .filter(isName)
      .map((name) => name.toLowerCase()),
  )
}

/** What a gateway is configured to do with packets. */
export interface Configured {
  readonly rules: readonly GatewayRule[]
  readonly shapes: readonly GatewayShape[]
  /** The prefix whose sources leave with the gateway's address. */
  readonly masquerade: string
}

/**
 * Rules and shapes as a router evaluates them, in the same order. One all of whose sources or targets are names without an address matches no packet
 * and is left out.
 */
export function toForwarding({ rules, shapes, masquerade }: Configured, addressesOf: AddressesOf): Forwarding {
  return {
    rules: rules.flatMap((rule) => withAddresses(rule, addressesOf)),
    shapes: shapes.flatMap((shape) => withAddresses(shape, addressesOf)),
    otherwise: 'accept',
    masquerade,
  }
}

type Addressed<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function withAddresses<T extends Traffic>(entry: T, addressesOf: AddressesOf): Addressed<T>[] {
  const { from, to } = entry
  const sources = from && addressed(from, addressesOf)
  const targets = to && addressed(to, addressesOf)
  if (sources?.length === 0 || targets?.length === 0) return []
  return [defined({ ...entry, from: sources, to: targets })]
}

function addressed(texts: readonly string[], addressesOf: AddressesOf): string[] {
  return [...new Set(texts.flatMap((text) => (isName(text) ? addressesOf(text.toLowerCase()) : [text])))]
}

/** The same object without its undefined fields: an absent field matches everything, an undefined one is no field. */
function defined<T extends object>(fields: T): Addressed<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

/**
 * Refuses a rule or shape that could never match or that no router could hold: empty lists, broken prefixes, names that are none, a port with icmp.
 * Throws `LAB_BAD_INPUT`.
 */
export function checkTraffic(entry: Traffic): void {
  for (const field of ['from', 'to'] as const) {
    const texts = entry[field]
    if (texts?.length === 0) throw new LabError('LAB_BAD_INPUT', `${field} is empty; leave it out to match every address`)
    for (const text of texts ?? []) {
      if (isName(text) && !HOST_NAME.test(text)) {
        throw new LabError(
          'LAB_BAD_INPUT',
          `${field}: ${JSON.stringify(text)} is no address (192.0.2.27), prefix (192.0.2.0/24) or host name`,
        )
      }
    }
  }
  if (entry.port !== undefined && entry.protocol === 'icmp') throw new LabError('LAB_BAD_INPUT', 'port: icmp has no ports')
}

/** Labels of letters, digits and hyphens; the last one begins with a letter, so that a mistyped address is not taken for a name. */
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?\.?$/i

function isName(text: string): boolean {
  return parsePrefix(text) === undefined
}
