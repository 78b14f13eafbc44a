import type { GatewayRule } from '../../shared/contract/admin.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import { parsePrefix } from '../../shared/kernel/ip.ts'
import type { Forwarding, ForwardRule, Ip } from '../../shared/kernel/net.ts'

/** The addresses that a lower-case name stands for now; none while it is not known. */
export type AddressesOf = (name: string) => readonly Ip[]

/** The names in these rules, lower case, each once. */
export function namesIn(rules: readonly GatewayRule[]): ReadonlySet<string> {
  return new Set(
    rules
      .flatMap((rule) => [...(rule.from ?? []), ...(rule.to ?? [])])
      .filter(isName)
      .map((name) => name.toLowerCase()),
  )
}

/**
 * The rules as a router evaluates them, in the same order. A rule all of whose sources or targets are names without an address matches
 * no packet and is left out. `masquerade`: the prefix whose sources leave with the gateway's address.
 */
export function toForwarding(rules: readonly GatewayRule[], addressesOf: AddressesOf, masquerade: string): Forwarding {
  return { rules: rules.flatMap((rule) => toForwardRules(rule, addressesOf)), otherwise: 'accept', masquerade }
}

function toForwardRules({ from, to, ...rest }: GatewayRule, addressesOf: AddressesOf): ForwardRule[] {
  const sources = from && addressed(from, addressesOf)
  const targets = to && addressed(to, addressesOf)
  if (sources?.length === 0 || targets?.length === 0) return []
  return [{ ...defined(rest), ...defined({ from: sources, to: targets }) }]
}

function addressed(texts: readonly string[], addressesOf: AddressesOf): string[] {
  return [...new Set(texts.flatMap((text) => (isName(text) ? addressesOf(text.toLowerCase()) : [text])))]
}

/** The same object without its undefined fields: an absent field matches everything, an undefined one is no field. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}

/**
 * Refuses a rule that could never match or that no router could hold: empty lists, broken prefixes, names that are none, a port with icmp.
 * Throws `LAB_BAD_INPUT`.
 */
export function checkRule(rule: GatewayRule): void {
  for (const field of ['from', 'to'] as const) {
    const texts = rule[field]
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
  if (rule.port !== undefined && rule.protocol === 'icmp') throw new LabError('LAB_BAD_INPUT', 'port: icmp has no ports')
}

/** Labels of letters, digits and hyphens; the last one begins with a letter, so that a mistyped address is not taken for a name. */
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?\.?$/i

function isName(text: string): boolean {
  return parsePrefix(text) === undefined
}
