import { ADMIN_PORT, GatewayRule, GatewayShape } from '../../shared/contract/admin.ts'
import { entryRoutes } from '../../shared/host/admin-entries.ts'
import { serveAdmin, type AdminRoute } from '../../shared/host/admin-server.ts'
import type { Host } from '../../shared/host/host.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import { layNameServers } from '../../shared/host/name-servers.ts'
import type { World } from '../../shared/kernel/world.ts'
import { createResolver } from '../../shared/wire/dns/resolver.ts'
import { GatewayConfig, type GatewayConfigInput } from './config.ts'
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
