import { z } from 'zod'
import type { GatewayRule } from '../contract/admin.ts'
import { INTERNET } from '../contract/topology.ts'
import type { HostKind } from '../host/host.ts'
import { LabError } from '../kernel/errors.ts'
import type { HostInfo } from '../scenario/lab.ts'
import { coverSetting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { addObject } from './hands.ts'
import { hostsMatching, hostsOfKind } from './hosts.ts'
import { defineKind } from './kind.ts'
import { DelayMs, HostPattern, Typed } from './parameters.ts'
import { proxyHostSetting } from './proxy-settings.ts'

/** Hosts that reach the internet through the gateway and are neither part of it nor meant to be the way out. */
const CLIENT_KINDS: ReadonlySet<HostKind> = new Set(['ftd', 'fmc', 'dns'])
const WEB_PORTS = [443, 80]

/** The customer's policy: the web only through the proxy. */
export const proxyRequired = defineKind({
  summary: 'the gateway lets only the proxy out to the web',
  schema: z.strictObject({
    kind: z.literal('proxy.required'),
    for: z.array(HostPattern).min(1).optional().describe('the hosts that must use the proxy; all but the proxy unless given'),
  }),
  explain: (fault) => `The gateway lets ${fault.for?.join(', ') ?? 'every host'} reach the web only through the proxy.`,
  async inject(fault, site) {
    const hosts = fault.for === undefined ? await clients(site) : await named(site, fault.for)
    const gateways = await hostsOfKind(site, 'gateway')
    const rule = (port: number): GatewayRule => ({
      action: 'drop',
      from: hosts.map((host) => host.address),
      to: [INTERNET.prefix],
      protocol: 'tcp',
      port,
    })
    return injectAll(gateways.flatMap(({ name }) => WEB_PORTS.map((port) => () => addObject(site, name, '/v1/rules', rule(port)))))
  },
})

async function clients(site: FaultSite): Promise<readonly HostInfo[]> {
  return (await site.hosts()).filter((host) => CLIENT_KINDS.has(host.kind))
}

async function named(site: FaultSite, patterns: readonly string[]): Promise<readonly HostInfo[]> {
  const hosts = (await Promise.all(patterns.map((pattern) => hostsMatching(site, pattern)))).flat()
  const wrong = hosts.find((host) => !CLIENT_KINDS.has(host.kind))
  if (wrong !== undefined) throw new LabError('LAB_BAD_INPUT', `for: ${wrong.name} is no host that could use the proxy`)
  return hosts
}

/** The proxy asks for credentials that its clients may not have. */
export const proxyAuth = defineKind({
  summary: 'the proxy asks for a user name and a password',
  schema: z.strictObject({
    kind: z.literal('proxy.auth'),
    user: Typed.regex(/^[^:]+$/, { error: 'a user name of Basic authentication has no colon' }).describe('the user name that it accepts'),
    password: Typed.describe('the password that it accepts'),
  }),
  explain: ({ user }) => `The proxy lets only the user ${user} through.`,
  async inject({ user, password }, site) {
    const proxies = await hostsOfKind(site, 'proxy')
    return injectAll(
      proxies.map(
        ({ name }) =>
          () =>
            coverSetting(site, proxyHostSetting(site, name, 'authentication'), { user, password }),
      ),
    )
  },
})

/** The proxy opens the TLS that passes it, with certificates of an authority that no appliance knows. (FM-031) */
export const proxyInspect = defineKind({
  summary: 'the proxy inspects TLS with certificates of its own',
  schema: z.strictObject({ kind: z.literal('proxy.inspect') }),
  explain: () => 'The proxy inspects TLS with certificates of an authority that no appliance knows.',
  async inject(_fault, site) {
    const proxies = await hostsOfKind(site, 'proxy')
    return injectAll(
      proxies.map(
        ({ name }) =>
          () =>
            coverSetting(site, proxyHostSetting(site, name, 'inspect'), true),
      ),
    )
  },
})

/** The proxy is overloaded, or far away. */
export const proxySlow = defineKind({
  summary: 'the proxy takes its time',
  schema: z.strictObject({
    kind: z.literal('proxy.slow'),
    delayMs: DelayMs.describe('how long each request waits, and everything that passes the proxy in each direction; milliseconds'),
  }),
  explain: ({ delayMs }) => `The proxy holds back requests, and what passes it in each direction, for ${delayMs} ms.`,
  async inject({ delayMs }, site) {
    return slowProxies(site, delayMs)
  },
})

/** Makes every proxy hold back what passes it. */
export async function slowProxies(site: FaultSite, delayMs: number): Promise<Cure> {
  const proxies = await hostsOfKind(site, 'proxy')
  return injectAll(
    proxies.map(
      ({ name }) =>
        () =>
          coverSetting(site, proxyHostSetting(site, name, 'delayMs'), delayMs),
    ),
  )
}
