import type { GatewayRule } from '../../shared/contract/admin.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { Ip } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { DnsError, type Resolver } from '../../shared/wire/dns/resolver.ts'
import { checkRule, namesIn, toForwarding } from './rules.ts'

/** How long the addresses of a name hold until it is looked up again, and how soon a name without any is asked for again. */
const REFRESH_MS = 60_000
const RETRY_MS = 5_000

export type StoredRule = GatewayRule & { readonly id: string }

export interface Firewall extends Disposable {
  /** The first match decides. */
  readonly rules: readonly StoredRule[]
  /** Puts a rule before all others; holds when this resolves. Rejects with `LAB_BAD_INPUT`, also for a name that does not exist. */
  add(rule: GatewayRule): Promise<StoredRule>
  /** False when there is no such rule. */
  remove(id: string): Promise<boolean>
  /** Names in rules that have no address now. */
  unresolved(): readonly string[]
}

/**
 * A packet filter by address and by name on a host that forwards. Names are looked up when a rule comes and every minute after; when a
 * look-up fails the addresses of before stay (invented; firewalls with FQDN objects do the same until the entry expires).
 */
export async function startFirewall(
  world: World,
  {
    rules: initial,
    masquerade,
    resolver,
  }: { readonly rules: readonly GatewayRule[]; readonly masquerade: string; readonly resolver: Resolver },
): Promise<Firewall> {
  initial.forEach(checkRule)
  let made = 0
  const stored = (rule: GatewayRule): StoredRule => ({ id: `rule-${++made}`, ...rule })
  let rules: readonly StoredRule[] = initial.map(stored)
  const known = new Map<string, readonly Ip[]>()
  let timer: Disposable | undefined
  const stopped = new AbortController()

  const apply = () => world.net.forward(toForwarding(rules, (name) => known.get(name) ?? [], masquerade))
  const unresolved = () => [...namesIn(rules)].filter((name) => !known.has(name))

  /** Looks a name up and says what is wrong, if anything. */
  const look = async (name: string): Promise<DnsError | undefined> => {
    try {
      const addresses = await resolver.lookup(name, stopped.signal)
      // Servers rotate addresses; in order, so that only a real change is one.
      known.set(name, [...addresses].toSorted())
      return undefined
    } catch (error) {
      if (!(error instanceof DnsError)) throw error
      world.log.warn('gateway.name-not-resolved', { name, code: error.code, server: error.server })
      return error
    }
  }

  const refresh = async (): Promise<void> => {
    const before = JSON.stringify([...known])
    await Promise.all([...namesIn(rules)].map(look))
    if (JSON.stringify([...known]) !== before) await apply()
  }

  /** One timer for all names, and none while no rule has a name. */
  const schedule = (): void => {
    timer?.[Symbol.dispose]()
    timer = undefined
    if (namesIn(rules).size === 0 || stopped.signal.aborted) return
    timer = world.clock.after(unresolved().length > 0 ? RETRY_MS : REFRESH_MS, refreshAndGoOn)
  }
  const refreshAndGoOn = (): void => {
    refresh().then(schedule, (error: unknown) => {
      if (!stopped.signal.aborted) world.log.error('gateway.refresh-failed', { error })
    })
  }

  await apply()
  // The resolver may start after the gateway: what has no address yet is looked up meanwhile.
  if (namesIn(rules).size > 0) refreshAndGoOn()

  return {
    get rules() {
      return rules
    },
    async add(rule) {
      checkRule(rule)
      const followed = namesIn(rules)
      for (const name of namesIn([rule])) {
        const problem = followed.has(name) && known.has(name) ? undefined : await look(name)
        if (problem?.code === 'ENOTFOUND' || problem?.code === 'ENODATA') {
          throw new LabError('LAB_BAD_INPUT', `${name} has no address, says the DNS server ${problem.server}`)
        }
      }
      const added = stored(rule)
      rules = [added, ...rules]
      await apply()
      schedule()
      return added
    },
    async remove(id) {
      if (!rules.some((rule) => rule.id === id)) return false
      rules = rules.filter((rule) => rule.id !== id)
      const followed = namesIn(rules)
      for (const name of known.keys()) if (!followed.has(name)) known.delete(name)
      await apply()
      schedule()
      return true
    },
    unresolved,
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]()
      stopped.abort(new Error('the gateway is stopped'))
    },
  }
}
