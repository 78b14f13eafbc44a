import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RegionId } from '../../../shared/contract/region.ts'
import type { Host, HostHealth } from '../../../shared/host/host.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { cloudEventCounts, type CloudSite } from '../../../shared/scenario/cloud-client.ts'
import { fmcConfig } from '../../../shared/scenario/fmc-client.ts'
import type { HostInfo, LabRequest } from '../../../shared/scenario/lab.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { operatorClient } from '../operator.ts'

/** What the operator's workstation is started with. */
export interface OperatorInput {
  readonly region: RegionId
  /** The devices that FMC must hold. */
  readonly devices: readonly string[]
  /** Those whose events must arrive in the cloud. */
  readonly withTraffic: readonly string[]
  readonly adminToken: string
  /** What the operator trusts. */
  readonly caPem: string
  /** The hosts that answer requests of the operator's. */
  readonly hosts: readonly HostInfo[]
}

const CONSOLE_PORT = 8080
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']
/** What each kind answers 200 to while it does its work. */
const PROBES = { dns: '/v1/overrides', gateway: '/v1/rules', proxy: '/v1/settings' } as const

interface HostView extends HostInfo {
  readonly healthy: boolean
  readonly waitingFor: readonly string[]
}

/**
 * The operator's workstation as a container: it sees the estate only over the wire, and is healthy when every host answers, FMC holds its devices and an
 * event of each of them is in the cloud. `GET /api/status` on port 8080 says the same as JSON.
 */
export async function startOperator(world: World, input: OperatorInput): Promise<Pick<Host, 'address' | 'health'> & AsyncDisposable> {
  await using started = new AsyncDisposableStack()
  const client = started.use(operatorClient(world, input))
  const request = (name: string, labRequest: LabRequest) => {
    const host = input.hosts.find((candidate) => candidate.name === name)
    if (host === undefined) throw new LabError('LAB_NO_SUCH_HOST', `the operator reaches no host named ${name}`)
    return client.request(host, labRequest)
  }
  const site: CloudSite = { region: input.region, now: () => world.clock.now(), request }

  async function waitingFor({ name, kind }: HostInfo): Promise<readonly string[]> {
    if (kind === 'fmc') {
      const { items = [] } = (await fmcConfig(site, 'GET', '/devices/devicerecords?limit=1000&expanded=true')).body as DeviceRecords
      const connected = new Set(items.filter((item) => item.isConnected === true).map((item) => item.name))
      return input.devices.filter((device) => !connected.has(device)).map((device) => `${device} is not connected`)
    }
    if (kind === 'cloud') {
      const stored = new Set((await cloudEventCounts(site)).filter((count) => count.stored > 0).map((count) => count.deviceName))
      return input.withTraffic.filter((device) => !stored.has(device)).map((device) => `no event of ${device} is in the cloud yet`)
    }
    if (kind === 'ftd') return []
    const { status } = await request(name, { method: 'GET', path: PROBES[kind] })
    return status === 200 ? [] : [`its administration answers ${status}`]
  }

  async function look(host: HostInfo): Promise<HostView> {
    // Whatever goes wrong on the way to a host is what the operator sees of it.
    const missing = await waitingFor(host).catch((error: unknown) => [(error as Error).message])
    return { ...host, healthy: missing.length === 0, waitingFor: missing }
  }
  const lookAll = (): Promise<HostView[]> => Promise.all(input.hosts.map(look))

  async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = (message.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    // A web page somewhere that had its own name point here gets nothing.
    if (!LOOPBACK_NAMES.includes(name))
      return send(response, 401, { error: { code: 'LAB_UNAUTHORIZED', message: 'the lab answers on loopback only' } })
    if (message.method !== 'GET' || message.url !== '/api/status')
      return send(response, 404, { error: { code: 'LAB_BAD_INPUT', message: 'there is only GET /api/status here' } })
    const hosts = await lookAll()
    send(response, 200, { healthy: hosts.every((host) => host.healthy), region: input.region, hosts })
  }

  started.use(
    await serveHttp(world, {
      port: CONSOLE_PORT,
      handler: (message, response) => {
        answer(message, response).catch((error: unknown) => {
          world.log.error('the status could not be told', { error: String(error) })
          response.destroy()
        })
      },
    }),
  )
  const running = started.move()
  return {
    address: world.net.interfaces()[0]?.address ?? '',
    async health(): Promise<HostHealth> {
      const missing = (await lookAll()).flatMap((host) => host.waitingFor.map((what) => `${host.name}: ${what}`))
      return { healthy: missing.length === 0, waitingFor: missing, processes: [] }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

interface DeviceRecords {
  readonly items?: readonly { readonly name: string; readonly isConnected?: boolean }[]
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
