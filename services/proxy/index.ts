import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ADMIN_PORT, ProxySettings } from '../../shared/contract/admin.ts'
import { PROXY_PORT } from '../../shared/contract/topology.ts'
import { checkedBody, serveAdmin } from '../../shared/host/admin-server.ts'
import type { Host } from '../../shared/host/host.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import { layNameServers } from '../../shared/host/name-servers.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { serveHttp } from '../../shared/wire/http/server.ts'
import { ProxyConfig, type ProxyConfigInput } from './config.ts'
import { answerForward } from './forward.ts'
import { createInspection } from './inspection.ts'
import { answerConnect } from './tunnel.ts'

/** Starts the customer's HTTP proxy on `PROXY_PORT`. Rejects with EADDRINUSE when a port is taken; nothing is left running then. */
export async function startProxy(world: World, input: ProxyConfigInput): Promise<Host> {
  const config = ProxyConfig.parse(input)
  await using started = new AsyncDisposableStack()
  let settings = config.settings
  await layNameServers(world, config.dnsServers)
  const inspection = createInspection(world)
  const failed = (error: unknown) => world.log.error('proxy.failed', { error })
  const proxy = started.use(
    await serveHttp(world, {
      port: PROXY_PORT,
      handler: (request, response) => void answerForward(world, () => settings, request, response).catch(failed),
    }),
  )
  proxy.server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    answerConnect(world, () => settings, inspection, request, client as Conn, head).catch(failed)
  })
  started.use(
    await serveAdmin(world, config.adminToken, [
      { method: 'GET', path: '/v1/settings', handle: () => ({ status: 200, body: settings }) },
      {
        method: 'PUT',
        path: '/v1/settings',
        handle: (_, body) => {
          settings = checkedBody(ProxySettings, body)
          return { status: 200, body: settings }
        },
      },
    ]),
  )
  const running = started.move()
  return {
    name: world.host,
    kind: 'proxy',
    address: world.net.interfaces()[0]!.address,
    async health() {
      const waitingFor = await missingPorts(world, [
        { protocol: 'tcp', port: PROXY_PORT },
        { protocol: 'tcp', port: ADMIN_PORT },
      ])
      return { healthy: waitingFor.length === 0, waitingFor, processes: [{ name: 'proxy', state: 'Running', pid: world.processes.pid }] }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
