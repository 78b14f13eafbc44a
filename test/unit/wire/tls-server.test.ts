import { expect, test } from 'vitest'
import type { TLSSocket } from 'node:tls'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { acceptTls, CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { CLOUD, createWireLab, pki } from './wire-lab.ts'

const AT = { address: CLOUD, port: 443 }
const identity = pki.issue({ commonName: 'api-sse.cisco.com' })
/** A record of a ClientHello whose rest never comes. */
const HALF_A_HELLO = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])

async function lab() {
  const made = await createWireLab()
  const accepted: TLSSocket[] = []
  const errors: Error[] = []
  const accept = acceptTls(
    { ...CLOUD_TLS, clock: made.cloud.clock, identity: () => identity, onError: (error) => errors.push(error) },
    (socket) => accepted.push(socket.on('error', () => {}).resume()),
  )
  await made.cloud.net.listen({ port: 443 }, accept)
  const open = async () => (await made.cloud.net.sockets()).filter((row) => row.protocol === 'tcp' && row.state !== 'LISTEN').length
  return { ...made, accepted, errors, open }
}

test.each([
  ['says nothing', Buffer.alloc(0)],
  ['stops in the middle of its hello', HALF_A_HELLO],
])('a client that %s is hung up on after a minute', async (_, said) => {
  const { sim, client, accepted, errors, open } = await lab()
  const conn = await sim.run(client.net.dial(AT))
  let atMs: number | undefined
  conn.on('end', () => (atMs = sim.clock.uptimeMs())).on('error', () => {}).resume() // prettier-ignore
  const startMs = sim.clock.uptimeMs()
  if (said.length > 0) conn.write(said)
  await sim.advance(59_999)
  expect([atMs, await open()]).toEqual([undefined, 1])
  await sim.advance(1)
  expect([atMs, await open()]).toEqual([startMs + 60_000, 0])
  expect(accepted).toEqual([])
  expect(errors).toHaveLength(1)
})

test('a secured connection may be silent for as long as it likes', async () => {
  const { sim, client, accepted, open } = await lab()
  const socket = await sim.run(
    client.net.dial(AT).then((conn) => connectTls(conn, { clock: client.clock, servername: 'api-sse.cisco.com', ca: pki.rootPem })),
  )
  await sim.advance(600_000)
  expect([accepted.length, await open(), socket.destroyed]).toEqual([1, 1, false])
})

test('the limit ends with the handshake, however that ends', async () => {
  const { sim, client, errors, open } = await lab()
  const conn = await sim.run(client.net.dial(AT))
  conn.on('error', () => {}).resume().write('this is no TLS') // prettier-ignore
  await sim.advance(1)
  expect([errors.length, await open()]).toEqual([1, 0])
  await sim.advance(600_000)
  expect(errors).toHaveLength(1)
})
