import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import type { Answer } from 'dns-packet'
import { networkPrograms } from '../../../shared/host/programs/index.ts'
import { runProgram, type RunOptions } from '../../../shared/host/run-program.ts'
import type { ExecResult } from '../../../shared/host/host.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import type { Programs } from '../../../shared/kernel/processes.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { decodeMessage, type Rcode } from '../../../shared/wire/dns/message.ts'
import { encodeResponse } from '../../support/dns-response.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { createPki } from '../../../shared/wire/pki/pki.ts'
import { CLOUD_TLS, type TlsServerOptions } from '../../../shared/wire/tls/server.ts'

export const DNS = '192.0.2.11'
export const CLOUD = '203.0.113.66'
export const API = 'api-sse.cisco.com'
export const CONNECTOR_CA = '/ngfw/etc/ssl/connectorCA.pem'

/** Valid from the date of the seeds, but not over. */
export const pki = createPki({ validFromMs: Date.UTC(2019, 11, 3, 20, 57, 56), validToMs: Date.UTC(2049, 11, 3, 21, 7, 0) })
const identity = pki.issue({ commonName: API, names: [API, 'eventing-ingest.sse.itd.cisco.com'] })

export type Zone = Record<string, readonly Answer[] | Rcode>

/** The documented answer of the cloud to a request without credentials. (seed C) */
export const forbidden: RequestListener = (_request, response) => {
  response.writeHead(403, 'Forbidden', {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': '9',
    Connection: 'keep-alive',
    'Keep-Alive': 'timeout=5',
    ETag: '"5fb40950-9"',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  })
  response.end('Forbidden')
}

export interface ProgramsLab {
  readonly sim: ReturnType<typeof createSim>
  readonly ftd: World
  readonly cloud: World
  readonly gateway: World
  readonly zone: Zone
  run(command: string, options?: RunOptions): Promise<ExecResult>
}

/** A device, its gateway, a DNS server and one host of the internet. */
export async function createProgramsLab(more: Programs = {}): Promise<ProgramsLab> {
  const sim = createSim({ seed: 7, startMs: Date.UTC(2026, 0, 5, 12) })
  const eth0 = (address: string, gateway?: string) => ({
    name: 'eth0',
    address,
    netmask: '255.255.255.0',
    ...(gateway === undefined ? {} : { gateway }),
  })
  const programs = { ...networkPrograms, ...more }
  const ftd = sim.addHost({ name: 'ftd1', interfaces: [eth0('192.0.2.27', '192.0.2.1')], programs }).world
  const gateway = sim.addHost({ name: 'gateway', interfaces: [eth0('192.0.2.1'), { ...eth0('203.0.113.1'), name: 'eth1' }] }).world
  const dns = sim.addHost({ name: 'dns', interfaces: [eth0(DNS, '192.0.2.1')] }).world
  const cloud = sim.addHost({
    name: 'cloud',
    interfaces: [eth0(CLOUD, '203.0.113.1'), { ...eth0('203.0.113.67'), name: 'eth1' }],
    programs,
  }).world
  const zone: Zone = {
    [API]: [
      { type: 'CNAME', name: API, data: `${API}.akadns.net` },
      { type: 'A', name: `${API}.akadns.net`, data: CLOUD },
    ],
  }
  await sim.run(async () => {
    await gateway.net.forward({ rules: [], otherwise: 'accept' })
    await serveZone(dns, zone)
    await ftd.files.write('/etc/resolv.conf', `nameserver ${DNS}\n`)
    await ftd.files.write('/etc/hosts', '127.0.0.1 localhost\n')
    await ftd.files.write(CONNECTOR_CA, pki.rootPem)
    await ftd.files.makeDir('/etc/ssl/certs')
  })
  return {
    sim,
    ftd,
    cloud,
    gateway,
    zone,
    run: (command, options) => {
      const [name, ...args] = command.match(/'[^']*'|"[^"]*"|\S+/g)!.map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))
      const path = Object.keys(programs).find((candidate) => candidate.endsWith(`/${name}`))!
      return sim.run(runProgram(ftd, path, args, options))
    },
  }
}

async function serveZone(world: World, zone: Zone): Promise<void> {
  const socket = await world.net.udp({ port: 53 })
  socket.onMessage((data, from) => {
    const question = decodeMessage(data)!
    const found = zone[question.questions![0]!.name]
    const body = typeof found === 'string' ? { rcode: found } : found === undefined ? { rcode: 'NXDOMAIN' as const } : { answers: found }
    socket.send(encodeResponse(question, body), from)
  })
}

/** Serves HTTPS as the clouds do. */
export async function serveCloud(
  lab: ProgramsLab,
  handler: RequestListener = forbidden,
  tls: Partial<Omit<TlsServerOptions, 'clock'>> = {},
): Promise<void> {
  await lab.sim.run(serveHttp(lab.cloud, { port: 443, handler, tls: { ...CLOUD_TLS, identity: () => identity, ...tls } }))
}

/** A transcript of this folder: the command after `$ `, then what it must print. */
export function transcript(name: string): { readonly command: string; readonly output: string } {
  const text = readFileSync(new URL(`transcripts/${name}.txt`, import.meta.url), 'utf8')
  const end = text.indexOf('\n')
  return { command: text.slice(2, end), output: text.slice(end + 1) }
}

/** A server that does one thing when the first bytes have come. */
export async function serveRaw(lab: ProgramsLab, port: number, answer: (conn: Conn) => void): Promise<void> {
  await lab.cloud.net.listen({ port }, (conn) => {
    conn.on('error', () => {}).once('data', () => answer(conn))
  })
}
