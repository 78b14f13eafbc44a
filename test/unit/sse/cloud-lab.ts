import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { z } from 'zod'
import { WebSocket } from 'ws'
import { ADMIN_PORT } from '../../../shared/contract/admin.ts'
import { INGEST_PATH } from '../../../shared/contract/ingest.ts'
import { EST_HOST, REGIONS, type RegionId } from '../../../shared/contract/region.ts'
import { SSE_PATHS, type RegisteredClient } from '../../../shared/contract/sse.ts'
import type { Host } from '../../../shared/host/host.ts'
import { createSim, type Sim } from '../../../shared/sim/sim.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { createPki } from '../../../shared/wire/pki/pki.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import type { SseConfig } from '../../../services/sse/config.ts'
import { startSse } from '../../../services/sse/index.ts'

export const CLOUD_ADDRESSES = ['203.0.113.10', '203.0.113.11'] as const
export const TOKEN = 'cloud-administrator'
export const ACME = { clientId: 'acme-client', clientSecret: 'acme-secret', orgId: 'acme-org', name: 'Acme' }
export const OTHER = { clientId: 'other-client', clientSecret: 'other-secret', orgId: 'other-org', name: 'Other' }

const pki = createPki({ validFromMs: Date.UTC(2025, 0, 1), validToMs: Date.UTC(2035, 0, 1) })
const names = [EST_HOST, ...Object.values(REGIONS).flatMap(({ api, ingest, mx, dex, admin }) => [api, ingest, mx, dex, admin])]
const certificates = Object.fromEntries(names.map((name) => [name, pki.issue({ commonName: name })]))

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly text: string
  /** The body as JSON. */
  readonly body: unknown
}

export interface Call {
  readonly method?: string
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A cloud, a device's network and what a client does, on virtual time. */
export class CloudLab {
  readonly sim: Sim = createSim({ seed: 1 })
  readonly #cloud = this.sim.addHost({
    name: 'sse',
    interfaces: CLOUD_ADDRESSES.map((address, index) => ({ name: `eth${index}`, address, netmask: '255.255.255.0' })),
  })
  readonly #client = this.sim.addHost({
    name: 'client',
    interfaces: [{ name: 'eth0', address: '203.0.113.200', netmask: '255.255.255.0' }],
  })
  readonly rootPem = pki.rootPem
  host!: Host

  async start(config: Partial<z.input<typeof SseConfig>> = {}): Promise<void> {
    this.host = await this.sim.run(
      startSse(this.#cloud.world, { adminToken: TOKEN, certificates, organisations: [ACME, OTHER], ...config }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sim.run(async () => this.host[Symbol.asyncDispose]())
    await this.sim.close()
  }

  dial(address: string = CLOUD_ADDRESSES[0]) {
    return this.#client.world.net.dial({ address, port: 443 })
  }

  async tls(servername: string | undefined, address?: string): Promise<TLSSocket> {
    const conn = await this.dial(address)
    return connectTls(conn, { ...(servername !== undefined && { servername }), rejectUnauthorized: false, clock: this.sim.clock })
  }

  /** Sends raw text over TLS and reads until the cloud closes the connection. */
  async raw(name: string, text: string): Promise<string> {
    const socket = await this.tls(name)
    let received = ''
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.write(text, 'latin1')
    await closedBy(socket)
    return received
  }

  async call(name: string, path: string, { method = 'GET', token, body, headers }: Call = {}): Promise<Answer> {
    const socket = await this.tls(name)
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          method,
          host: name,
          path,
          createConnection: () => socket,
          headers: { Connection: 'close', ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...headers },
        },
        (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => {
            const json = response.headers['content-type']?.startsWith('application/json') && text !== ''
            resolve({
              status: response.statusCode!,
              headers: response.headers,
              rawHeaders: response.rawHeaders,
              text,
              body: json ? JSON.parse(text) : undefined,
            })
          })
        },
      )
      request.on('error', reject)
      request.end(payload)
    })
  }

  /** Asks the administration API; a string body is sent as it is. */
  async admin(method: string, path: string, body?: unknown, token = TOKEN): Promise<{ status: number; body: unknown }> {
    const { status, body: answered } = await request(this.#client.world, {
      url: `http://${CLOUD_ADDRESSES[0]}:${ADMIN_PORT}${path}`,
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status, body: answered.length === 0 ? undefined : JSON.parse(answered.toString()) }
  }

  async accessToken(organisation = ACME, region: RegionId = 'us', expiry = 3_600): Promise<string> {
    const form = new URLSearchParams({
      client_id: organisation.clientId,
      client_secret: organisation.clientSecret,
      grant_type: 'client_credentials',
      offline_access: 'true',
      expiry: String(expiry),
      scope: `org_id:${organisation.orgId}`,
    })
    const answer = await this.call(REGIONS[region].api, SSE_PATHS.accessToken, { method: 'POST', body: form.toString() })
    return (answer.body as { access_token: string }).access_token
  }

  async mint(token: string, guid: string, region: RegionId = 'us', expiry = 129_600): Promise<string> {
    const body = { principal: { deviceId: guid, serviceType: ['ngfw', 'ITD-Base', 'hybrid-2.0'] }, expiry }
    const answer = await this.call(REGIONS[region].api, SSE_PATHS.registrationToken, { method: 'POST', token, body })
    return (answer.body as { token: string }).token
  }

  register(token: string, guid: string, region: RegionId = 'us', name = guid): Promise<Answer> {
    const body = { name, guid, type: 'Cisco Secure Firewall Threat Defense', version: '7.4.2', ip: '192.0.2.27' }
    return this.call(REGIONS[region].api, SSE_PATHS.clients, { method: 'POST', token, body })
  }

  /** From credentials to a registered device. */
  async device(guid: string, organisation = ACME, region: RegionId = 'us'): Promise<RegisteredClient> {
    const registration = await this.mint(await this.accessToken(organisation, region), guid, region)
    return (await this.register(registration, guid, region)).body as RegisteredClient
  }

  /** Opens the eventing WebSocket, or rejects with `Unexpected server response: <status>`. */
  async ingest(accessToken: string, region: RegionId = 'us'): Promise<IngestClient> {
    const name = REGIONS[region].ingest
    const socket = await this.tls(name)
    const webSocket = new WebSocket(`wss://${name}${INGEST_PATH}`, {
      createConnection: () => socket,
      headers: { Authorization: `Bearer ${accessToken}` },
      perMessageDeflate: false,
    })
    const client = new IngestClient(webSocket, socket)
    await client.opened
    return client
  }
}

/** A device's end of the eventing WebSocket. */
export class IngestClient {
  readonly opened: Promise<void>
  readonly closed: Promise<{ code: number; reason: string }>
  readonly acks: unknown[] = []
  readonly webSocket: WebSocket
  /** Below WebSocket, to send what a WebSocket library would not. */
  readonly socket: TLSSocket
  #wanted: { count: number; resolve: () => void } | undefined

  constructor(webSocket: WebSocket, socket: TLSSocket) {
    this.webSocket = webSocket
    this.socket = socket
    this.opened = new Promise((resolve, reject) => {
      webSocket.once('open', resolve)
      webSocket.on('error', reject)
    })
    this.closed = new Promise((resolve) => webSocket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })))
    webSocket.on('message', (data) => {
      this.acks.push(JSON.parse((data as Buffer).toString()))
      if (this.#wanted !== undefined && this.acks.length >= this.#wanted.count) this.#wanted.resolve()
    })
  }

  send(batch: unknown): void {
    this.webSocket.send(typeof batch === 'string' || Buffer.isBuffer(batch) ? batch : JSON.stringify(batch))
  }

  /** Resolves when that many acknowledgements have come in all. */
  async acked(count: number): Promise<void> {
    if (this.acks.length >= count) return
    await new Promise<void>((resolve) => (this.#wanted = { count, resolve }))
  }
}

/** A good batch of events `first` to `last`. */
export function batchOf(first: number, last: number, type = 'intrusion') {
  const events = Array.from({ length: last - first + 1 }, (_, index) => ({
    number: first + index,
    event: {
      type,
      id: 430001,
      time: 1_767_614_400_000 + index,
      fields: { SrcIP: '198.51.100.7', DstPort: 443, Message: 'PROTOCOL-ICMP é' },
    },
  }))
  return { first, last, events }
}

/** Resolves when the cloud has closed the connection, and closes this end of it. */
export async function closedBy(socket: Duplex): Promise<void> {
  socket.on('error', () => {})
  await new Promise<void>((resolve) => {
    socket.once('end', resolve)
    socket.once('close', resolve)
  })
  socket.destroy()
}
