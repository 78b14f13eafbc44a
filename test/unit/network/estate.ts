import type { GatewayRule, ProxySettings } from '../../../shared/contract/admin.ts'
import { ADDRESSES, INTERNET, MANAGEMENT } from '../../../shared/contract/topology.ts'
import type { Host } from '../../../shared/host/host.ts'
import { layNameServers } from '../../../shared/host/name-servers.ts'
import type { ShapingAbilities } from '../../../shared/kernel/net.ts'
import type { Programs } from '../../../shared/kernel/processes.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { cloudAddresses, labZone } from '../../../services/dns/zone.ts'
import { startDns } from '../../../services/dns/index.ts'
import { startGateway } from '../../../services/gateway/index.ts'
import { startProxy } from '../../../services/proxy/index.ts'

export const TOKEN = 'the-token'
export const CLOUD = cloudAddresses()
/** The addresses of a cloud name. */
export const addressesOf = (name: string) => CLOUD.find((cloud) => cloud.name === name)!.addresses

export type Sim = ReturnType<typeof createSim>

/** The customer's network in memory: dns, gateway, proxy, a client called ftd1, and a cloud host that has all cloud addresses. */
export async function startEstate(
  options: {
    readonly rules?: GatewayRule[]
    readonly settings?: ProxySettings
    readonly programs?: Programs
    /** What the gateway's host can do to packets, if that is not everything. */
    readonly shaping?: ShapingAbilities
  } = {},
) {
  const sim = createSim({ seed: 1 })
  const inside = (name: string, address: string) =>
    sim.addHost({
      name,
      interfaces: [{ name: 'eth0', address, netmask: MANAGEMENT.netmask, gateway: ADDRESSES.gateway }],
      ...(options.programs && { programs: options.programs }),
    }).world
  const dnsWorld = inside('dns', ADDRESSES.dns)
  const proxyWorld = inside('proxy', ADDRESSES.proxy)
  const client = inside('ftd1', ADDRESSES.ftd1)
  const router = sim.addHost({
    name: 'gateway',
    interfaces: [
      { name: 'eth0', address: ADDRESSES.gateway, netmask: MANAGEMENT.netmask },
      { name: 'eth1', address: ADDRESSES.gatewayOutside, netmask: INTERNET.netmask },
    ],
  }).world
  const { shaping } = options
  const gatewayWorld = shaping === undefined ? router : { ...router, net: { ...router.net, shaping: async () => shaping } }
  const cloud = sim.addHost({
    name: 'sse',
    interfaces: CLOUD.flatMap(({ addresses }) => addresses).map((address, index) => ({
      name: `eth${index}`,
      address,
      netmask: INTERNET.netmask,
      gateway: ADDRESSES.gatewayOutside,
    })),
  }).world
  const hosts = [dnsWorld, proxyWorld, client, gatewayWorld].map((world) => ({
    name: world.host,
    address: world.net.interfaces()[0]!.address,
  }))
  const started = await sim.run(async () => {
    await layNameServers(client, [ADDRESSES.dns])
    const dns = await startDns(dnsWorld, { zone: labZone({ hosts, cloud: CLOUD }), adminToken: TOKEN })
    const gateway = await startGateway(gatewayWorld, { adminToken: TOKEN, rules: options.rules ?? [] })
    const proxy = await startProxy(proxyWorld, { adminToken: TOKEN, ...(options.settings !== undefined && { settings: options.settings }) })
    return { dns, gateway, proxy }
  })
  const admin = (host: Host, method: string, path: string, body?: unknown) => administer(sim, client, host, method, path, body)
  return { sim, client, cloud, proxyWorld, ...started, admin, [Symbol.asyncDispose]: () => sim.close() }
}

async function administer(sim: Sim, client: World, host: Host, method: string, path: string, body: unknown) {
  const response = await sim.run(
    request(client, {
      url: `http://${host.address}:9000${path}`,
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  )
  const text = response.body.toString()
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) }
}
