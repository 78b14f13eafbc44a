import { z } from 'zod'
import type { Host } from '../../shared/host/host.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { World } from '../../shared/kernel/world.ts'
import { INGEST_PATH } from '../../shared/contract/ingest.ts'
import { createAnswers } from './api/answer.ts'
import { urlOf } from './api/request.ts'
import { createApi } from './api/routes.ts'
import { SseConfig } from './config.ts'
import { serveFront } from './front.ts'
import { hostName, sitesOf } from './hosts.ts'
import { createIngest } from './ingest/ingest.ts'
import { openState } from './state.ts'

/**
 * Starts the SSE cloud on all addresses of this host. Resolves when it listens; rejects with LAB_BAD_INPUT for a wrong configuration, SQLite's error, or
 * EADDRINUSE, and leaves nothing behind then.
 */
export async function startSse(world: World, input: z.input<typeof SseConfig>): Promise<Host> {
  const parsed = SseConfig.safeParse(input)
  if (!parsed.success) throw new LabError('LAB_BAD_INPUT', `the configuration of ${world.host} is wrong: ${z.prettifyError(parsed.error)}`)
  const config = parsed.data
  if (config.certificates[config.defaultName] === undefined) {
    throw new LabError('LAB_BAD_INPUT', `the configuration of ${world.host} has no certificate for its defaultName ${config.defaultName}`)
  }

  using started = new DisposableStack()
  const state = started.use(openState(config.databasePath, world.clock.now()))
  for (const region of config.regions) {
    for (const { orgId, services, virtualAccount } of config.organisations)
      state.accounts.ensure({ region, orgId }, { services, virtualAccount })
  }
  const ingest = started.use(createIngest(world, state))
  const sites = sitesOf(config.regions)
  const handle = createApi({
    cloud: {
      clock: world.clock,
      // Tokens of an earlier run are in the database: this run's dice must differ from that one's.
      random: world.random.stream(`sse boot ${state.boots}`),
      state,
      regions: config.regions,
      organisations: config.organisations,
      isConnected: (device) => ingest.isConnected(device),
      disconnect: (device, reason) => ingest.disconnect(device, reason),
    },
    answers: createAnswers(world.clock, config.variant),
    sites,
    log: world.log,
    refuseIngest: (request, region, path) => ingest.refusePlain(request, region, path),
  })
  const front = await serveFront(world, {
    config,
    handle,
    mayUpgrade(request) {
      const site = sites.get(hostName(request.headers.host))
      return (
        site?.role === 'ingest' &&
        request.headers.upgrade?.toLowerCase() === 'websocket' &&
        urlOf(request)?.pathname === INGEST_PATH &&
        ingest.refusal(request, site.region) === undefined
      )
    },
    upgrade: (request, socket, head) => ingest.upgrade(request, socket, head),
  })
  const held = started.move()

  return {
    name: world.host,
    kind: 'cloud',
    address: world.net.interfaces().find(({ name }) => name !== 'lo')?.address ?? '127.0.0.1',
    async health() {
      const missing = await missingPorts(world, [{ protocol: 'tcp', port: front.at.port }])
      return {
        healthy: missing.length === 0,
        waitingFor: missing.map((port) => `sse listens on ${port}`),
        processes: [missing.length === 0 ? { name: 'sse', state: 'Running', pid: world.processes.pid } : { name: 'sse', state: 'Down' }],
      }
    },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]()
      held.dispose()
    },
  }
}
