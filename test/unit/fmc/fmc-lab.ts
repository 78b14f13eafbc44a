import type { TLSSocket } from 'node:tls'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MintToken, SSE_PATHS } from '../../../shared/contract/sse.ts'
import { ToDevice } from '../../../shared/contract/sftunnel.ts'
import type { FromDevice } from '../../../shared/contract/sftunnel.ts'
import { ADDRESSES, MANAGEMENT, OPERATOR } from '../../../shared/contract/topology.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { request } from '../../../shared/wire/http/client.ts'
import type { HttpResponse } from '../../../shared/wire/http/client.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { createFmcCa } from '../../../shared/wire/pki/fmc-ca.ts'
import { createPki } from '../../../shared/wire/pki/pki.ts'
import { lineChannel } from '../../../shared/wire/sftunnel.ts'
import type { LineChannel } from '../../../shared/wire/sftunnel.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { fmcPrograms, startFmc } from '../../../services/fmc/index.ts'
import type { FmcConfigInput } from '../../../services/fmc/index.ts'

export const DOMAIN = '/api/fmc_config/v1/domain/e276abec-e0f2-11e3-8169-6d9ed49b625f'
export const KEY = 'cisco123'
const CLOUD = '192.0.2.90'

const validity = { validFromMs: Date.UTC(2020, 0, 1), validToMs: Date.UTC(2049, 0, 1) }
const pki = createPki(validity)
const fmcCa = createFmcCa({ commonName: 'fmc.lab.example', ...validity })
const tunnelIdentity = fmcCa.issue({ commonName: 'fmc.lab.example', names: [ADDRESSES.fmc], ...validity })
const webIdentity = fmcCa.issue({ commonName: 'fmc.lab.example', names: [ADDRESSES.fmc], ...validity })

/** A complete configuration, with these parts of it changed. */
export function fmcConfig(changes: Partial<FmcConfigInput> = {}): FmcConfigInput {
  const { clientId, clientSecret, orgId } = OPERATOR.organisation
  return {
    devices: [
      { name: 'ftd1', uuid: deviceUuid(1), address: '192.0.2.27', registrationKey: KEY },
      { name: 'ftd2', address: '192.0.2.28', registrationKey: KEY },
    ],
    organisation: { clientId, clientSecret, orgId },
    tls: { certPem: webIdentity.chainPem, keyPem: webIdentity.keyPem },
    sftunnel: { caPem: fmcCa.caPem, certPem: tunnelIdentity.certPem, keyPem: tunnelIdentity.keyPem },
    connectorCaPem: pki.rootPem,
    ...changes,
  }
}

export function deviceUuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

/** A lab of one FMC, an operator's workstation and a cloud that only knows the token API. */
export async function fmcLab(changes: Partial<FmcConfigInput> = {}) {
  const sim = createSim({ seed: 1 })
  const host = (name: string, address: string): World =>
    sim.addHost({ name, interfaces: [{ name: 'eth0', address, netmask: MANAGEMENT.netmask }], programs: fmcPrograms }).world
  const fmcWorld = host('fmc', ADDRESSES.fmc)
  const operator = host('operator', ADDRESSES.operator)
  const cloudWorld = host('cloud', CLOUD)
  await fmcWorld.files.write('/etc/hosts', `127.0.0.1 localhost\n${CLOUD} api-sse.cisco.com api.eu.sse.itd.cisco.com\n`)
  const cloud = fakeTokenApi()
  await sim.run(() => cloud.serve(cloudWorld))
  let fmc = await sim.run(() => startFmc(fmcWorld, fmcConfig(changes)))
  return {
    sim,
    fmcWorld,
    operator,
    cloud,
    fmc: () => fmc,
    async restartFmc(next: Partial<FmcConfigInput> = changes) {
      await sim.run(async () => fmc[Symbol.asyncDispose]())
      fmc = await sim.run(() => startFmc(fmcWorld, fmcConfig(next)))
    },
    http: (path: string, options: Partial<Parameters<typeof request>[1]> = {}): Promise<HttpResponse> =>
      sim.run(() => request(operator, { url: `https://${ADDRESSES.fmc}${path}`, ca: fmcCa.caPem, ...options })),
    /** A request of some other host of the management network. */
    httpFrom: (address: string, path: string): Promise<HttpResponse> =>
      sim.run(() =>
        request(sim.host(address)?.world ?? host(address, address), { url: `https://${ADDRESSES.fmc}${path}`, ca: fmcCa.caPem }),
      ),
    device: (number: number, hello: Partial<FromDevice & { kind: 'hello' }> = {}) => {
      const address = `192.0.2.${26 + number}`
      const world = sim.host(`ftd${number}`)?.world ?? host(`ftd${number}`, address)
      return sim.run(() =>
        fakeDevice(world, {
          kind: 'hello',
          uuid: deviceUuid(number),
          hostname: `ftd${number}.lab.example`,
          address,
          model: 'Cisco Firepower Threat Defense for VMware',
          version: '7.4.2',
          registrationKey: KEY,
          ...hello,
        }),
      )
    },
    async [Symbol.asyncDispose]() {
      await sim.run(async () => fmc[Symbol.asyncDispose]())
      await sim.close()
    },
  }
}
export type FmcLab = Awaited<ReturnType<typeof fmcLab>>

/** A REST client of the lab's FMC that has logged in. */
export async function login(lab: FmcLab, user: string = OPERATOR.user, password: string = OPERATOR.password) {
  const answer = await lab.http('/api/fmc_platform/v1/auth/generatetoken', {
    method: 'POST',
    headers: { authorization: basic(user, password) },
  })
  const token = String(answer.headers['x-auth-access-token'])
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await lab.http(path, {
      method,
      headers: { 'x-auth-access-token': token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: JSON.parse(response.body.toString('utf8')) }
  }
  return { token, call, get: (path: string) => call('GET', path), put: (path: string, body: unknown) => call('PUT', path, body) }
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

export interface FakeDevice {
  readonly channel: LineChannel
  readonly socket: TLSSocket
  readonly received: readonly ToDevice[]
  /** The newest message of a kind. */
  last<K extends ToDevice['kind']>(kind: K): Extract<ToDevice, { kind: K }> | undefined
  /** Resolves with the next message of a kind. */
  next<K extends ToDevice['kind']>(kind: K): Promise<Extract<ToDevice, { kind: K }>>
}

async function fakeDevice(world: World, hello: FromDevice): Promise<FakeDevice> {
  const conn = await world.net.dial({ address: ADDRESSES.fmc, port: 8305 })
  const socket = await connectTls(conn, { ca: fmcCa.caPem, servername: ADDRESSES.fmc, clock: world.clock })
  const received: ToDevice[] = []
  const waiting: { readonly kind: string; readonly resolve: (message: never) => void }[] = []
  const channel = lineChannel(socket, ToDevice, (message) => {
    received.push(message)
    for (const waiter of waiting.splice(0)) {
      if (waiter.kind === message.kind) waiter.resolve(message as never)
      else waiting.push(waiter)
    }
  })
  const device: FakeDevice = {
    channel,
    socket,
    received,
    last: (kind) => received.findLast((message) => message.kind === kind) as never,
    next: (kind) => new Promise((resolve) => waiting.push({ kind, resolve })),
  }
  const answered = Promise.race([device.next('health-policy'), device.next('refused')])
  channel.send(hello)
  await answered
  return device
}

/** The token API of SSE: what it was asked is in `requests`, what it answers can be changed. */
function fakeTokenApi() {
  const api = {
    requests: [] as { path: string; body: string; authorization: string | undefined; host: string | undefined; connection: unknown }[],
    /** Access tokens that are good. */
    good: new Set<string>(),
    statusOfMint: 201,
    async serve(world: World) {
      const identity = pki.issue({ commonName: 'api-sse.cisco.com', names: ['api-sse.cisco.com', 'api.eu.sse.itd.cisco.com'] })
      await serveHttp(world, { port: 443, handler: (req, res) => void answer(req, res), tls: { identity: () => identity } })
    },
  }
  const sockets = new Map<unknown, number>()
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    if (!sockets.has(req.socket)) sockets.set(req.socket, sockets.size)
    const path = req.url ?? ''
    api.requests.push({ path, body, authorization: req.headers.authorization, host: req.headers.host, connection: sockets.get(req.socket) })
    const send = (status: number, value: unknown): void => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    if (path === SSE_PATHS.accessToken) {
      const token = `access-${api.requests.length}`
      api.good.add(token)
      send(201, { access_token: token })
    } else if (!api.good.has(String(req.headers.authorization).replace('Bearer ', ''))) send(401, {})
    else send(api.statusOfMint, { token: `token-of-${MintToken.parse(JSON.parse(body)).principal.deviceId}` })
  }
  return api
}
