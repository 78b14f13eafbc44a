import { z } from 'zod'
import { ProxySettings, type GatewayRule } from '../contract/admin.ts'
import { INTERNET } from '../contract/topology.ts'
import type { HostKind } from '../host/host.ts'
import { LabError } from '../kernel/errors.ts'
import type { HostInfo } from '../scenario/lab.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { FaultSite } from './fault.ts'
import { addObject, ask } from './hands.ts'
import { hostsMatching, hostsOfKind } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern, Typed } from './parameters.ts'

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
            coverSetting(site, authentication(site, name), { user, password }),
      ),
    )
  },
})

function authentication(site: FaultSite, host: string): Setting<ProxySettings['authentication']> {
  const path = '/v1/settings'
  const settings = async () => ProxySettings.parse((await ask(site, host, { method: 'GET', path }, [200])).body)
  return {
    key: `${host} authentication`,
    read: async () => (await settings()).authentication,
    apply: async (value) => {
      await ask(site, host, { method: 'PUT', path, body: { ...(await settings()), authentication: value } }, [200])
    },
  }
}
