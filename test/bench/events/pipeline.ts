import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_PORT } from '../../../shared/contract/admin.ts'
import { EVENT_STATE } from '../../../shared/contract/event.ts'
import { REGIONS } from '../../../shared/contract/region.ts'
import type { CloudSettings } from '../../../shared/contract/sftunnel.ts'
import { SSE_PATHS } from '../../../shared/contract/sse.ts'
import { OPERATOR } from '../../../shared/contract/topology.ts'
import type { Child } from '../../../shared/kernel/processes.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { createOsWorld } from '../../../shared/os/world.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { FtdConfig } from '../../../services/ftd/config.ts'
import { ftdDaemons } from '../../../services/ftd/daemons.ts'
import { layFtdFiles } from '../../../services/ftd/layout.ts'
import { CLOUD_SETTINGS } from '../../../services/ftd/paths.ts'
import { labCertificates } from '../../../services/lab/certificates.ts'
import { CLOUD, CLOUD_CONFIG, programs } from './programs.ts'

const FTD_ADDRESS = '192.0.2.27'
const CLOUD_ADDRESS = '203.0.113.10'
const CONNECTOR_PORT = 8_989
const UUID = '0b1c2d3e-0000-4000-8000-000000000001'
const POLL_MS = 20
/** Real time that a start may take. */
const START_LIMIT_MS = 30_000

export const PROCESSES = ['EventHandler', 'SSEConnector', 'cloud'] as const
export type ProcessName = (typeof PROCESSES)[number]

/** A device's way of events into the cloud, each process a real one: EventHandler, connector, cloud. */
export interface Pipeline extends AsyncDisposable {
  /** The device's World. */
  readonly device: World
  /** The cloud's database, a file of this machine. */
  readonly databasePath: string
  /** Switches the cloud on, on the device: from now on its events go out. */
  switchOn(): Promise<void>
  /** How far the device knows its events to be in the cloud: what a restart of EventHandler would start from. */
  acknowledged(): Promise<number>
  /** Ends a process with SIGKILL and starts it again. */
  killAndRestart(name: ProcessName): Promise<void>
}

/** Starts the three processes and enrols the device. `speed`: how many times faster than real time its waits are. */
export async function startPipeline(speed: number): Promise<Pipeline> {
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'ftdlab-bench-'))
  started.defer(() => rm(folder, { recursive: true }))
  const [cloudPort, adminPort, connectorPort] = await freePorts(3)
  const addressMap = {
    [`${CLOUD_ADDRESS}:443`]: cloudPort!,
    [`${CLOUD_ADDRESS}:${ADMIN_PORT}`]: adminPort!,
    [`ftd1/127.0.0.1:${CONNECTOR_PORT}`]: connectorPort!,
  }
  const entry = new URL('entry.ts', import.meta.url).href
  const epochMs = Date.now()
  const worldOf = async (host: string, address: string) => {
    const root = join(folder, host)
    await mkdir(root)
    const networkInterface = { name: 'eth0', address, netmask: '255.255.255.0', mac: '02:F7:C0:00:02:1B', mtu: 1_500 }
    return started.use(createOsWorld({ host, root, seed: 1, programs, entry, speed, epochMs, interfaces: [networkInterface], addressMap }))
  }
  const device = await worldOf('ftd1', FTD_ADDRESS)
  const sse = await worldOf('sse', CLOUD_ADDRESS)

  const databasePath = join(folder, 'sse.sqlite')
  const { cloud, cloudRootPem, fmcCaPem } = labCertificates(Date.now())
  await sse.files.write(
    CLOUD_CONFIG,
    JSON.stringify({
      adminToken: 'bench',
      certificates: cloud,
      organisations: [OPERATOR.organisation],
      databasePath,
      eventsKept: Number.MAX_SAFE_INTEGER,
    }),
  )
  await layFtdFiles(
    device,
    FtdConfig.parse({
      hostname: 'ftd1',
      uuid: UUID,
      dnsServers: [],
      manager: { address: '192.0.2.20', registrationKey: 'key' },
      connectorCaPem: cloudRootPem,
      fmcCaPem,
    }),
  )
  await device.files.write('/etc/hosts', `127.0.0.1\tlocalhost\n${CLOUD_ADDRESS}\t${REGIONS.us.api} ${REGIONS.us.ingest}\n`)

  const children = new Map<ProcessName, Child>()
  const start = async (name: ProcessName): Promise<void> => {
    if (name === 'cloud') return void children.set(name, await sse.processes.spawn(CLOUD))
    const { program, title, user } = ftdDaemons.find((daemon) => daemon.name === name)!
    children.set(name, await device.processes.spawn(program, { title, user }))
  }
  for (const name of PROCESSES) await start(name)
  await enrol(device, cloudRootPem)

  const running = started.move()
  return {
    device,
    databasePath,
    switchOn: () => device.files.write(CLOUD_SETTINGS, JSON.stringify(SETTINGS)),
    acknowledged: () => acknowledged(device),
    async killAndRestart(name) {
      const child = children.get(name)!
      child.kill('SIGKILL')
      await child.exited
      await start(name)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function acknowledged(device: World): Promise<number> {
  try {
    return (JSON.parse((await device.files.read(EVENT_STATE)).toString()) as { acknowledged: number }).acknowledged
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return 0
    throw error
  }
}

const SETTINGS: CloudSettings = {
  revision: 1,
  enabled: true,
  region: { id: 'us', name: REGIONS.us.name, fqdn: REGIONS.us.api, ingest: REGIONS.us.ingest },
  send: { intrusion: true, file: true, connection: true, allConnections: true },
}

/** Does what FMC and ActionQueueScrape do for a device. */
async function enrol(device: World, ca: string): Promise<void> {
  const { clientId, clientSecret, orgId } = OPERATOR.organisation
  const form = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
    scope: `org_id:${orgId}`,
  })
  const post = async (path: string, headers: Readonly<Record<string, string>>, body: string) => {
    const answer = await request(device, { url: `https://${REGIONS.us.api}${path}`, method: 'POST', headers, body, ca })
    if (answer.status !== 201) throw new Error(`the cloud answered ${answer.status} to ${path}: ${answer.body.toString()}`)
    return JSON.parse(answer.body.toString()) as Record<string, string>
  }
  const granted = await until('the cloud listens', async () => {
    try {
      return await post(SSE_PATHS.accessToken, { 'content-type': 'application/x-www-form-urlencoded' }, form.toString())
    } catch (error) {
      if (isRefused(error)) return undefined
      throw error
    }
  })
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${granted['access_token']}` }
  const minted = await post(SSE_PATHS.registrationToken, headers, JSON.stringify({ principal: { deviceId: UUID } }))
  const connector = (method: string, path: string, body?: unknown) =>
    request(device, {
      url: `http://localhost:${CONNECTOR_PORT}/v1/contexts${path}`,
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  await until('the connector listens', async () => {
    try {
      return await connector('POST', '', {
        clientInfo: { name: 'ftd1', guid: UUID, type: 'ngfw', version: '6.5.0-115', ip: FTD_ADDRESS },
        settings: { exchange: { fqdn: REGIONS.us.api, registration: { refreshInterval: 86_400 } } },
      })
    } catch (error) {
      if (isRefused(error)) return undefined
      throw error
    }
  })
  await connector('POST', '/default/activations', { token: minted['token'] })
  await until('the device is enrolled', async () => {
    const { body } = await connector('GET', '/default/status')
    return (JSON.parse(body.toString()) as { status?: string }).status === 'Enrolled' ? true : undefined
  })
}

/** Asks again until there is an answer. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, limitMs = START_LIMIT_MS): Promise<T> {
  const endMs = performance.now() + limitMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

function isRefused(error: unknown): boolean {
  return (error as { code?: string }).code === 'ECONNREFUSED'
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
