import { ADMIN_PORT } from '../../shared/contract/admin.ts'
import { serveAdmin } from '../../shared/host/admin-server.ts'
import type { Host } from '../../shared/host/host.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import type { World } from '../../shared/kernel/world.ts'
import { dnsRoutes } from './admin.ts'
import { answerQuestion } from './answer.ts'
import { DnsConfig, type DnsConfigInput } from './config.ts'
import { DNS_PORT, listenForQueries } from './listen.ts'
import { createDnsState } from './state.ts'

/** Starts the customer's DNS resolver. Rejects with EADDRINUSE when a port is taken; nothing is left running then. */
export async function startDns(world: World, input: DnsConfigInput): Promise<Host> {
  const config = DnsConfig.parse(input)
  await using started = new AsyncDisposableStack()
  const state = createDnsState(config.zone)
  started.use(await listenForQueries(world, (question) => answerQuestion(question, state)))
  started.use(await serveAdmin(world, config.adminToken, dnsRoutes(state)))
  const running = started.move()
  return {
    name: world.host,
    kind: 'dns',
    address: world.net.interfaces()[0]!.address,
    async health() {
      const waitingFor = await missingPorts(world, [
        { protocol: 'udp', port: DNS_PORT },
        { protocol: 'tcp', port: DNS_PORT },
        { protocol: 'tcp', port: ADMIN_PORT },
      ])
      return { healthy: waitingFor.length === 0, waitingFor, processes: [{ name: 'dns', state: 'Running', pid: world.processes.pid }] }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
