import { z } from 'zod'
import { PROXY_PORT } from '../contract/topology.ts'
import { LabError } from '../kernel/errors.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { FaultSite } from './fault.ts'
import { readFile, run } from './hands.ts'
import { proxySetting } from './device-proxy.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern, Port, Typed } from './parameters.ts'

/** The DNS servers of a device are changed on its own command line, as an administrator would. */
export const deviceDns = defineKind({
  summary: 'a device uses other DNS servers, or none',
  schema: z.strictObject({
    kind: z.literal('device.dns'),
    host: HostPattern.describe('the device, or several: ftd1, ftd*'),
    servers: z.array(z.ipv4()).max(3).describe('the DNS servers that it uses from now on; none when empty'),
  }),
  explain: ({ host, servers }) =>
    servers.length === 0
      ? `${host} has no DNS server configured.`
      : `${host} is configured to use ${servers.join(' and ')} as its DNS server.`,
  async inject({ host, servers }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    return injectAll(
      devices.map(
        ({ name }) =>
          () =>
            coverSetting(site, dnsServers(site, name), servers),
      ),
    )
  },
})

function dnsServers(site: FaultSite, host: string): Setting<readonly string[]> {
  const read = async () => {
    const text = await readFile(site, host, '/etc/resolv.conf')
    return [...text.matchAll(/^nameserver\s+(\S+)/gm)].map((match) => match[1]!)
  }
  return {
    key: `${host} DNS servers`,
    read,
    async apply(servers) {
      const answer = await run(site, host, `configure network dns servers ${servers.length === 0 ? 'none' : servers.join(',')}`, {
        shell: 'clish',
      })
      const now = await read()
      // The command line says in words what it did not do; the file says it surely.
      if (now.join() !== servers.join())
        throw new LabError('LAB_STATE_BROKEN', `${host} uses the DNS servers ${now.join(', ') || 'none'} still: ${answer.trim()}`)
    },
  }
}

/** The HTTP proxy of a device is set on its own command line, with the prompts that an administrator answers. */
export const deviceProxy = defineKind({
  summary: 'a device uses another HTTP proxy, or none',
  schema: z
    .strictObject({
      kind: z.literal('device.proxy'),
      host: HostPattern.describe('the device, or several: ftd1, ftd*'),
      address: z
        .hostname({ error: 'write an address (192.0.2.80) or a name' })
        .optional()
        .describe('the proxy that it uses from now on, by address or name; without it the device uses none'),
      port: Port.optional().describe(`the proxy's port; ${PROXY_PORT} unless given`),
      user: Typed.optional().describe('the user name that it sends to the proxy'),
      password: Typed.optional().describe('the password that it sends to the proxy'),
    })
    .refine(({ user, password }) => (user === undefined) === (password === undefined), {
      error: 'user and password belong together',
      path: ['password'],
    })
    .refine(({ address, port, user }) => address !== undefined || (port === undefined && user === undefined), {
      error: 'without an address there is no proxy to have a port or a user',
      path: ['address'],
    }),
  explain: ({ host, address, port, user }) =>
    address === undefined
      ? `${host} has no HTTP proxy configured.`
      : `${host} is configured to use the HTTP proxy ${address}:${port ?? PROXY_PORT}${user === undefined ? ' without a user name' : ` as user ${user}`}.`,
  async inject({ host, address, port = PROXY_PORT, user, password }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    const credentials = user === undefined || password === undefined ? {} : { user, password }
    const proxy = address === undefined ? null : { host: address, port, ...credentials }
    return injectAll(
      devices.map(
        ({ name }) =>
          () =>
            coverSetting(site, proxySetting(site, name), proxy),
      ),
    )
  },
})
