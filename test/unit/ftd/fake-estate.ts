import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { INGEST_PATH, IngestBatch } from '../../../shared/contract/ingest.ts'
import { REGIONS } from '../../../shared/contract/region.ts'
import {
  FromDevice,
  SFTUNNEL_PORT,
  type CloudSettings,
  type HealthPolicy,
  type HealthReport,
  type ToDevice,
} from '../../../shared/contract/sftunnel.ts'
import { SSE_PATHS, type RegisteredClient } from '../../../shared/contract/sse.ts'
import type { Host } from '../../../shared/host/host.ts'
import { createSim, type Sim } from '../../../shared/sim/sim.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { createFmcCa, type FmcCa } from '../../../shared/wire/pki/fmc-ca.ts'
import { createPki, type Pki } from '../../../shared/wire/pki/pki.ts'
import { lineChannel, type LineChannel } from '../../../shared/wire/sftunnel.ts'
import { acceptTls, CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { WEBSOCKET_OPTIONS } from '../../../shared/wire/ws/options.ts'
import { ftdPrograms, startFtd, type FtdConfigInput } from '../../../services/ftd/index.ts'

const ADDRESSES = { ftd: '192.0.2.27', fmc: '192.0.2.20', gateway: '192.0.2.1', api: '192.0.2.41', ingest: '192.0.2.42' } as const
const MASK = '255.255.255.0'
const { us } = REGIONS

let pki: Pki | undefined
let fmcCa: FmcCa | undefined

function certificates() {
  const validity = { validFromMs: Date.UTC(2025, 0, 1), validToMs: Date.UTC(2035, 0, 1) }
  pki ??= createPki(validity)
  fmcCa ??= createFmcCa({ commonName: 'fmc', ...validity })
  return {
    cloudRootPem: pki.rootPem,
    api: pki.issue({ commonName: us.api }),
    ingest: pki.issue({ commonName: us.ingest }),
    fmcCaPem: fmcCa.caPem,
    fmc: fmcCa.issue({ commonName: 'fmc', names: [ADDRESSES.fmc], ...validity }),
  }
}

/** A cloud of one region that registers whoever brings a token `token-N` and stores what it gets. */
export interface FakeCloud {
  readonly registrations: { readonly authorization: string; readonly name: string }[]
  readonly probes: number
  /** Numbers of the stored events, in order of arrival, repeats included. */
  readonly arrived: number[]
  readonly sockets: ReadonlySet<WebSocket>
  /** The status that the registration answers with. */
  registrationStatus: number
  /** Whether batches are stored and acknowledged. */
  acknowledges: boolean
  answersPings: boolean
}

/** A manager that welcomes every device and mints tokens. */
export interface FakeFmc {
  readonly hellos: FromDevice[]
  readonly reports: { readonly at: number; readonly reports: HealthReport[] }[]
  tokenError: string | undefined
  tokensMinted: number
  settings: CloudSettings
  policy: HealthPolicy
  broadcast(): void
  drop(): void
}

export interface FakeEstate {
  readonly sim: Sim
  readonly cloud: FakeCloud
  readonly fmc: FakeFmc
  readonly ftd: Host
  readonly world: ReturnType<Sim['addHost']>['world']
  readonly hosts: { readonly ftd: ReturnType<Sim['addHost']>; readonly cloud: ReturnType<Sim['addHost']> }
  read(path: string): Promise<string>
  /** Makes the cloud's names stand for other addresses; the gateway drops everything outside 192.0.2.0/24. */
  resolve(names: Readonly<Record<string, readonly string[]>>): Promise<void>
  /** Runs a program on the device and gives what it printed. */
  run(path: string, args: readonly string[]): Promise<string>
}

export function cloudOn(changes: Partial<CloudSettings> = {}): CloudSettings {
  return {
    revision: 1,
    enabled: true,
    region: { id: us.id, name: us.name, fqdn: us.api, ingest: us.ingest },
    send: { intrusion: true, file: true, connection: true, allConnections: false },
    ...changes,
  }
}

type Resolve = FakeEstate['resolve']
export type Before = (parts: { readonly cloud: FakeCloud; readonly fmc: FakeFmc; readonly resolve: Resolve }) => unknown

/** Starts a device with its cloud and its manager; `before` may spoil them before the device starts. */
export async function startFakeEstate(config: Partial<FtdConfigInput> = {}, before?: Before): Promise<FakeEstate> {
  const sim = createSim({ seed: 7 })
  const given = certificates()
  const cloudHost = sim.addHost({
    name: 'cloud',
    interfaces: [
      { name: 'eth0', address: ADDRESSES.api, netmask: MASK },
      { name: 'eth1', address: ADDRESSES.ingest, netmask: MASK },
    ],
  })
  const fmcHost = sim.addHost({ name: 'fmc', interfaces: [{ name: 'eth0', address: ADDRESSES.fmc, netmask: MASK }] })
  const ftdHost = sim.addHost({
    name: 'ftd1',
    interfaces: [{ name: 'eth0', address: ADDRESSES.ftd, netmask: MASK, gateway: ADDRESSES.gateway }],
    programs: ftdPrograms,
  })
  const gateway = sim.addHost({ name: 'gateway', interfaces: [{ name: 'eth0', address: ADDRESSES.gateway, netmask: MASK }] })
  const { world } = ftdHost
  const resolve: Resolve = async (names) => {
    const all: Readonly<Record<string, readonly string[]>> = {
      localhost: ['127.0.0.1'],
      [us.api]: [ADDRESSES.api],
      [us.ingest]: [ADDRESSES.ingest],
      ...names,
    }
    const lines = Object.entries(all).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`))
    await world.files.write('/etc/hosts', lines.join(''))
  }
  const { cloud, fmc, ftd } = await sim.run(async () => {
    await gateway.world.net.forward({ rules: [], otherwise: 'drop' })
    await resolve({})
    const parts = { cloud: await startCloud(cloudHost.world, given), fmc: await startFmc(fmcHost.world, given.fmc), resolve }
    await before?.(parts)
    const device = await startFtd(world, {
      hostname: 'ftd1.lab.example',
      dnsServers: [],
      manager: { address: ADDRESSES.fmc, registrationKey: 'key-ftd1' },
      connectorCaPem: given.cloudRootPem,
      fmcCaPem: given.fmcCaPem,
      ...config,
    })
    return { ...parts, ftd: device }
  })
  return {
    sim,
    cloud,
    fmc,
    ftd,
    world,
    hosts: { ftd: ftdHost, cloud: cloudHost },
    read: async (path) => (await world.files.read(path)).toString(),
    resolve,
    run: (path, args) =>
      sim.run(async () => {
        let output = ''
        const write = (text: string | Uint8Array) => void (output += String(text))
        const child = await world.processes.spawn(path, { args, stdout: { write }, stderr: { write } })
        await child.exited
        return output
      }),
  }
}

async function startCloud(world: FakeEstate['world'], { api, ingest }: ReturnType<typeof certificates>): Promise<FakeCloud> {
  const sockets = new Set<WebSocket>()
  const cloud = {
    registrations: [] as FakeCloud['registrations'],
    probes: 0,
    arrived: [] as number[],
    sockets,
    registrationStatus: 201,
    acknowledges: true,
    answersPings: true,
  }
  const wss = new WebSocketServer({ noServer: true, autoPong: false, ...WEBSOCKET_OPTIONS })
  const serve = (socket: WebSocket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('ping', (data) => {
      if (cloud.answersPings) socket.pong(data)
    })
    socket.on('message', (data) => {
      if (!cloud.acknowledges) return
      const batch = IngestBatch.parse(JSON.parse((data as Buffer).toString()))
      cloud.arrived.push(...batch.events.map(({ number }) => number))
      socket.send(JSON.stringify({ first: batch.first, ack: batch.last }))
    })
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    if (request.url === SSE_PATHS.regions) {
      cloud.probes++
      json(200, [])
    } else if (request.url === SSE_PATHS.clients && request.method === 'POST') {
      const authorization = request.headers.authorization ?? ''
      const { name } = JSON.parse(body) as { name: string }
      cloud.registrations.push({ authorization, name })
      const registered: RegisteredClient = {
        id: 'client-1',
        tenant: { id: 'tenant-1', name: 'Lab' },
        accessToken: 'access-1',
        services: { eventing: { fqdn: us.ingest, path: INGEST_PATH } },
      }
      if (cloud.registrationStatus < 300) json(cloud.registrationStatus, registered)
      else json(cloud.registrationStatus, { error: 'no' })
    } else response.writeHead(403, { 'Content-Type': 'text/plain' }).end('Forbidden')
  }
  const service = await serveHttp(world, {
    port: 443,
    handler: (request, response) => void handle(request, response),
    tls: { ...CLOUD_TLS, identity: (name) => (name === us.ingest ? ingest : api) },
  })
  service.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.headers.authorization === 'Bearer access-1') wss.handleUpgrade(request, socket, head, serve)
    else socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
  })
  return cloud
}

async function startFmc(world: FakeEstate['world'], identity: { chainPem: string; keyPem: string }): Promise<FakeFmc> {
  const channels = new Set<{ channel: LineChannel; drop(): void }>()
  const fmc: FakeFmc = {
    hellos: [],
    reports: [],
    tokenError: undefined,
    tokensMinted: 0,
    settings: cloudOn(),
    policy: { runIntervalMs: 300_000, modules: {} },
    broadcast: () => channels.forEach(({ channel }) => greet(channel)),
    drop: () => channels.forEach((entry) => entry.drop()),
  }
  const greet = (channel: LineChannel) => {
    channel.send({ kind: 'cloud', settings: fmc.settings })
    channel.send({ kind: 'health-policy', policy: fmc.policy })
  }
  const accept = acceptTls({ clock: world.clock, identity: () => identity }, (socket) => {
    const channel = lineChannel(socket, FromDevice, (message) => {
      const reply = (answer: ToDevice) => channel.send(answer)
      if (message.kind === 'hello') {
        fmc.hellos.push(message)
        reply({ kind: 'welcome', manager: 'fmc' })
        greet(channel)
      } else if (message.kind === 'heartbeat') reply({ kind: 'heartbeat', at: world.clock.now() })
      else if (message.kind === 'health') fmc.reports.push({ at: message.at, reports: message.reports })
      else if (fmc.tokenError !== undefined) reply({ kind: 'token', request: message.request, error: fmc.tokenError })
      else reply({ kind: 'token', request: message.request, token: `token-${++fmc.tokensMinted}` })
    })
    const entry = { channel, drop: () => void socket.destroy() }
    channels.add(entry)
    void channel.closed.then(() => channels.delete(entry))
  })
  await world.net.listen({ port: SFTUNNEL_PORT }, accept)
  return fmc
}

/** Lets lab time pass until the device is healthy. */
export async function untilHealthy({ sim, ftd }: FakeEstate, limitMs = 600_000): Promise<void> {
  const endMs = sim.clock.now() + limitMs
  for (;;) {
    const { waitingFor } = await sim.run(() => ftd.health())
    if (waitingFor.length === 0) return
    if (sim.clock.now() >= endMs) throw new Error(`not healthy: ${waitingFor.join('; ')}`)
    await sim.advance(1_000)
  }
}
