import type { Answer, DecodedPacket } from 'dns-packet'
import { decodeMessage } from '../../../shared/wire/dns/message.ts'
import { encodeResponse, UDP_BYTES, type ResponseOptions } from '../../support/dns-response.ts'
import { createPki } from '../../../shared/wire/pki/pki.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import type { World } from '../../../shared/kernel/world.ts'

const DAY_MS = 86_400_000

/** When the lab's time begins: certificates are looked at with its clock. */
export const LAB_NOW_MS = Date.UTC(2026, 0, 5, 12)
export const pki = createPki({ validFromMs: LAB_NOW_MS - DAY_MS, validToMs: LAB_NOW_MS + 365 * DAY_MS })
export { DAY_MS }

export const CLIENT = '192.0.2.27'
export const DNS = '192.0.2.11'
export const CLOUD = '192.0.2.30'
export const PROXY = '192.0.2.80'
/** An address that no host has. */
export const NOBODY = '192.0.2.10'

/** A client, a DNS host, a cloud and a proxy in one network; the client's resolv.conf names the DNS host. */
export async function createWireLab(): Promise<{
  sim: ReturnType<typeof createSim>
  client: World
  dns: World
  cloud: World
  proxy: World
}> {
  const sim = createSim({ seed: 7, startMs: LAB_NOW_MS })
  const host = (name: string, address: string): World =>
    sim.addHost({ name, interfaces: [{ name: 'eth0', address, netmask: '255.255.255.0', gateway: '192.0.2.1' }] }).world
  const lab = { sim, client: host('client', CLIENT), dns: host('dns', DNS), cloud: host('cloud', CLOUD), proxy: host('proxy', PROXY) }
  await lab.client.files.write('/etc/resolv.conf', `nameserver ${DNS}\n`)
  await lab.proxy.files.write('/etc/resolv.conf', `nameserver ${DNS}\n`)
  return lab
}

export type Respond = (question: DecodedPacket, transport: 'udp' | 'tcp') => ResponseOptions | undefined

/** A DNS server whose answers a test decides; undefined stays silent. */
export async function serveDns(world: World, respond: Respond): Promise<{ questions: DecodedPacket[] }> {
  const questions: DecodedPacket[] = []
  const socket = await world.net.udp({ port: 53 })
  socket.onMessage((data, from) => {
    const question = decodeMessage(data)!
    questions.push(question)
    const response = respond(question, 'udp')
    if (response) socket.send(encodeResponse(question, { ...response, maxBytes: UDP_BYTES }), from)
  })
  await world.net.listen({ port: 53 }, (conn) => {
    conn.on('data', (chunk: Buffer) => {
      const question = decodeMessage(chunk.subarray(2))!
      const response = respond(question, 'tcp')
      if (!response) return
      const body = encodeResponse(question, response)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(body.length)
      // In two pieces: TCP has no messages.
      conn.write(Buffer.concat([length, body.subarray(0, 20)]))
      conn.write(body.subarray(20))
    })
  })
  return { questions }
}

export const address = (name: string, ...data: string[]): Answer[] => data.map((one) => ({ type: 'A', name, ttl: 60, data: one }))
