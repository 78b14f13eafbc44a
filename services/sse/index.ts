import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Host } from '../../shared/host/host.ts'
import { serveAdmin } from '../../shared/host/admin-server.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { World } from '../../shared/kernel/world.ts'
import { ADMIN_PORT } from '../../shared/contract/admin.ts'
import { INGEST_PATH } from '../../shared/contract/ingest.ts'
import { sseRoutes } from './admin.ts'
import { createAnswers } from './api/answer.ts'
import { urlOf } from './api/request.ts'
import { createApi } from './api/routes.ts'
import { createCertificates } from './certificates.ts'
import { SseConfig } from './config.ts'
import { serveFront } from './front.ts'
import { hostName, sitesOf } from './hosts.ts'
import { createIngest } from './ingest/ingest.ts'
import { createOutages } from './outages.ts'
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

  await using started = new AsyncDisposableStack()
  const state = started.use(openState(config.databasePath, world.clock.now(), config.eventsKept))
  for (const region of config.regions) {
    for (const { orgId, services, virtualAccount } of config.organisations)
      state.accounts.ensure({ region, orgId }, { services, virtualAccount })
  }
  const ingest = started.use(createIngest(world, state))
  const sites = sitesOf(config.regions)
  const certificates = createCertificates(config)
  const outages = createOutages(() => ingest.suffer((region) => outages.open({ role: 'ingest', region }, INGEST_PATH)))
  const outageOf = (request: IncomingMessage) =>
    outages.entries.items.length === 0
      ? undefined
      : outages.request(request, sites.get(hostName(request.headers.host)), urlOf(request)?.pathname ?? '/')
  const answers = createAnswers(world.clock, config.variant)
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
    answers,
    sites,
    log: world.log,
    refuseIngest: (request, region, path) => ingest.refusePlain(request, region, path),
  })
  const front = started.use(
    await serveFront(world, {
      config,
      certificates,
      outages,
      outageOf,
      resets: (servername) => outages.connection(sites.get(servername ?? config.defaultName)),
      answerOutage: (response, status, retryAfterSeconds) => answers.outage(response, status, retryAfterSeconds),
      handle,
      mayUpgrade(request) {
        const site = sites.get(hostName(request.headers.host))
        return (
          site?.role === 'ingest' &&
          outageOf(request) === undefined &&
          request.headers.upgrade?.toLowerCase() === 'websocket' &&
          urlOf(request)?.pathname === INGEST_PATH &&
          ingest.refusal(request, site.region) === undefined
        )
      },
      upgrade: (request, socket, head) => ingest.upgrade(request, socket, head),
    }),
  )
  started.use(await serveAdmin(world, config.adminToken, sseRoutes(certificates, outages)))
  const running = started.move()

  return {
    name: world.host,
    kind: 'cloud',
    address: world.net.interfaces().find(({ name }) => name !== 'lo')?.address ?? '127.0.0.1',
    async health() {
      const missing = await missingPorts(world, [
        { protocol: 'tcp', port: front.at.port },
        { protocol: 'tcp', port: ADMIN_PORT },
      ])
      return {
        healthy: missing.length === 0,
        waitingFor: missing.map((port) => `sse listens on ${port}`),
        processes: [missing.length === 0 ? { name: 'sse', state: 'Running', pid: world.processes.pid } : { name: 'sse', state: 'Down' }],
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
