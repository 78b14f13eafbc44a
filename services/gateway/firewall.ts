import type { GatewayRule, GatewayShape } from '../../shared/contract/admin.ts'
import { entryList, type Entries } from '../../shared/host/admin-entries.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { Ip } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { DnsError, type Resolver } from '../../shared/wire/dns/resolver.ts'
import { checkTraffic, namesIn, toForwarding, type Traffic } from './rules.ts'

/** How long the addresses of a name hold until it is looked up again, and how soon a name without any is asked for again. */
const REFRESH_MS = 60_000
const RETRY_MS = 5_000

export interface Firewall extends Disposable {
  /** The first match decides. */
  readonly rules: Entries<GatewayRule>
  /** Bad stretches of the way; they judge nothing. */
  readonly shapes: Entries<GatewayShape>
  /** Names in rules and shapes that have no address now. */
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
  const known = new Map<string, readonly Ip[]>()
  let timer: Disposable | undefined
  const stopped = new AbortController()
  initial.forEach(checkTraffic)
  const rules: Entries<GatewayRule> = entryList('rule', initial, {
    admit: async (rule) => {
      checkTraffic(rule)
      await meet(rule)
    },
    apply: () => applyAndFollow(),
    forget: () => forget(),
  })
  const shapes: Entries<GatewayShape> = entryList('shape', [], {
    admit: async (shape) => {
      checkTraffic(shape)
      await assertAble(world, shape)
      await meet(shape)
    },
    apply: () => applyAndFollow(),
    forget: () => forget(),
  })

  const apply = () =>
    world.net.forward(toForwarding({ rules: rules.items, shapes: shapes.items, masquerade }, (name) => known.get(name) ?? []))
  const names = () => namesIn([...rules.items, ...shapes.items])
  const unresolved = () => [...names()].filter((name) => !known.has(name))

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
    await Promise.all([...names()].map(look))
    if (JSON.stringify([...known]) !== before) await apply()
  }

  /** One timer for all names, and none while there is no name. */
  const schedule = (): void => {
    timer?.[Symbol.dispose]()
    timer = undefined
    if (names().size === 0 || stopped.signal.aborted) return
    timer = world.clock.after(unresolved().length > 0 ? RETRY_MS : REFRESH_MS, refreshAndGoOn)
  }
  const refreshAndGoOn = (): void => {
    refresh().then(schedule, (error: unknown) => {
      if (!stopped.signal.aborted) world.log.error('gateway.refresh-failed', { error })
    })
  }

  /** Looks up names that nothing had yet. Rejects with `LAB_BAD_INPUT` for one that does not exist. */
  const meet = async (entry: Traffic): Promise<void> => {
    const followed = names()
    for (const name of namesIn([entry])) {
      const problem = followed.has(name) && known.has(name) ? undefined : await look(name)
      if (problem?.code === 'ENOTFOUND' || problem?.code === 'ENODATA') {
        throw new LabError('LAB_BAD_INPUT', `${name} has no address, says the DNS server ${problem.server}`)
      }
    }
  }

  const forget = (): void => {
    const followed = names()
    for (const name of known.keys()) if (!followed.has(name)) known.delete(name)
  }

  const applyAndFollow = async (): Promise<void> => {
    await apply()
    schedule()
  }

  await apply()
  // The resolver may start after the gateway: what has no address yet is looked up meanwhile.
  if (names().size > 0) refreshAndGoOn()

  return {
    rules,
    shapes,
    unresolved,
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]()
      stopped.abort(new Error('the gateway is stopped'))
    },
  }
}

/** Rejects with `LAB_NOT_EMULATED` when the host cannot do to packets what a shape says. */
async function assertAble(world: World, { delayMs, lossPercent }: GatewayShape): Promise<void> {
  const { delay, loss } = await world.net.shaping()
  for (const ability of [...(delayMs === undefined ? [] : [delay]), ...(lossPercent === undefined ? [] : [loss])])
    if (!ability.able) throw new LabError('LAB_NOT_EMULATED', ability.why)
}
