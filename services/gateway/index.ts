import type { z } from 'zod'
import { ADMIN_PORT, GatewayRule, GatewayShape } from '../../shared/contract/admin.ts'
import { checkedBody, NoSuchObject, serveAdmin, type AdminRoute } from '../../shared/host/admin-server.ts'
import type { Host } from '../../shared/host/host.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import { layNameServers } from '../../shared/host/name-servers.ts'
import type { World } from '../../shared/kernel/world.ts'
import { createResolver } from '../../shared/wire/dns/resolver.ts'
import { GatewayConfig, type GatewayConfigInput } from './config.ts'
import type { Entries } from './entries.ts'
import { startFirewall, type Firewall } from './firewall.ts'

/** Starts the customer's gateway: firewall and NAT between the two networks. Rejects with `LAB_BAD_INPUT` for rules that make no sense. */
export async function startGateway(world: World, input: GatewayConfigInput): Promise<Host> {
  const config = GatewayConfig.parse(input)
  await using started = new AsyncDisposableStack()
  await layNameServers(world, config.dnsServers)
  const { rules, masquerade } = config
  const firewall = started.use(await startFirewall(world, { rules, masquerade, resolver: createResolver(world) }))
  started.use(await serveAdmin(world, config.adminToken, gatewayRoutes(world, firewall)))
  const running = started.move()
  return {
    name: world.host,
    kind: 'gateway',
    address: world.net.interfaces()[0]!.address,
    async health() {
      const waitingFor = [
        ...(await missingPorts(world, [{ protocol: 'tcp', port: ADMIN_PORT }])),
        ...firewall.unresolved().map((name) => `the address of ${name}`),
      ]
      return { healthy: waitingFor.length === 0, waitingFor, processes: [{ name: 'gateway', state: 'Running', pid: world.processes.pid }] }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function gatewayRoutes(world: World, firewall: Firewall): readonly AdminRoute[] {
  return [
    ...entryRoutes('rule', GatewayRule, firewall.rules),
    ...entryRoutes('shape', GatewayShape, firewall.shapes),
    {
      method: 'GET',
      path: '/v1/abilities',
      handle: async () => {
        const abilities = Object.entries(await world.net.shaping())
        return { status: 200, body: { items: abilities.map(([name, ability]) => ({ name, ...ability })) } }
      },
    },
  ]
}

/** Lists, adds and removes the entries of one of the gateway's lists. */
function entryRoutes<T>(what: string, schema: z.ZodType<T>, entries: Entries<T>): readonly AdminRoute[] {
  const path = `/v1/${what}s`
  return [
    { method: 'GET', path, handle: () => ({ status: 200, body: { items: entries.items } }) },
    { method: 'POST', path, handle: async (_, body) => ({ status: 201, body: await entries.add(checkedBody(schema, body)) }) },
    {
      method: 'DELETE',
      path: `${path}/{id}`,
      handle: async ({ id }) => {
        if (!(await entries.remove(id!))) throw new NoSuchObject(`there is no ${what} ${id}`)
        return { status: 204 }
      },
    },
  ]
}
