import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { goCloseError, goDialError } from '../../../shared/wire/go-errors.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { openWebSocket } from '../../../shared/wire/ws/client.ts'
import { closeWebSocket } from '../../../shared/wire/ws/close.ts'
import { WEBSOCKET_OPTIONS } from '../../../shared/wire/ws/options.ts'
import { address, CLOUD, createWireLab, pki, serveDns } from './wire-lab.ts'

const NAME = 'eventing-ingest.sse.itd.cisco.com'
const identity = pki.issue({ commonName: NAME })
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )
const closeOf = (socket: WebSocket): Promise<[number, string]> =>
  new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, reason.toString()])))

async function lab(onSocket: (socket: WebSocket, token: string | undefined) => void) {
  const made = await createWireLab()
  await serveDns(made.dns, () => ({ answers: address(NAME, CLOUD) }))
  const service = await serveHttp(made.cloud, {
    port: 443,
    handler: (_incoming, response) => response.writeHead(403).end('Forbidden'),
    tls: { ...CLOUD_TLS, identity: () => identity },
  })
  const server = new WebSocketServer({ ...WEBSOCKET_OPTIONS, noServer: true })
  service.server.on('upgrade', (incoming, socket, head) => {
    if (incoming.url !== '/events') return void socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
    server.handleUpgrade(incoming, socket, head, (accepted) => {
      accepted.on('error', () => {})
      onSocket(accepted, incoming.headers.authorization)
    })
  })
  const open = (path = '/events', options = {}): Promise<WebSocket> =>
    openWebSocket(made.client, { url: `wss://${NAME}${path}`, ca: pki.rootPem, headers: { Authorization: 'Bearer t' }, ...options })
  return { ...made, open }
}

test('messages pass both ways over TLS, and a close ends in good order', async () => {
  let token: string | undefined
  const { sim, client, open } = await lab((socket, given) => {
    token = given
    socket.on('message', (data) => socket.send(`ack ${String(data)}`))
  })
  const socket = await sim.run(open())
  const answer = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  socket.send('7')
  expect(await sim.run(answer)).toBe('ack 7')
  expect(token).toBe('Bearer t')
  const closed = closeOf(socket)
  await sim.run(closeWebSocket(client.clock, socket, 1000, 'bye'))
  expect(await closed).toEqual([1000, 'bye'])
  expect((await client.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
})

test('a refused upgrade is a bad handshake with its status', async () => {
  const { sim, open } = await lab(() => {})
  const error = await sim.run(failure(open('/elsewhere')))
  expect(error).toMatchObject({ code: 'EHANDSHAKE', status: 401 })
  expect(goDialError(error)).toBe('websocket: bad handshake')
})

test('an upgrade answered by an ordinary page is a bad handshake too', async () => {
  const { sim, client, cloud } = await createWireLab()
  await serveHttp(cloud, { port: 80, handler: (_incoming, response) => response.end('blocked by policy') })
  expect(goDialError(await sim.run(failure(openWebSocket(client, { url: `ws://${CLOUD}/` }))))).toBe('websocket: bad handshake')
})

test('dialling, certificate and a connection that ends during the upgrade each say their own', async () => {
  const { sim, client, cloud, open } = await lab(() => {})
  await cloud.net.listen({ port: 1 }, (conn) => conn.on('error', () => {}).once('data', () => conn.end()))
  const texts = []
  for (const work of [
    () => open('/events', { ca: '' }),
    () => openWebSocket(client, { url: `wss://${NAME}:444/events`, ca: pki.rootPem }),
    () => openWebSocket(client, { url: `ws://${CLOUD}:1/` }),
  ])
    texts.push(goDialError(await sim.run(failure(work()))))
  expect(texts).toEqual([
    'x509: certificate signed by unknown authority',
    `dial tcp ${CLOUD}:444: getsockopt: connection refused`,
    'unexpected EOF',
  ])
})

test('a server that goes away closes with 1006 or says why', async () => {
  const sockets: WebSocket[] = []
  const { sim, open } = await lab((socket) => sockets.push(socket))
  const closes = []
  for (const end of [(socket: WebSocket) => socket.terminate(), (socket: WebSocket) => socket.close(1001, 'restart')]) {
    const closed = closeOf(await sim.run(open()))
    end(sockets.at(-1)!)
    closes.push(await sim.run(closed))
  }
  expect(closes.map(([code, reason]) => goCloseError(code, reason))).toEqual([
    'websocket: close 1006 (abnormal closure): unexpected EOF',
    'websocket: close 1001 (going away): restart',
  ])
})

test('a bad frame ends that connection alone', async () => {
  const sockets: WebSocket[] = []
  const { sim, open } = await lab((socket) => {
    sockets.push(socket)
    socket.on('message', (data) => socket.send(data))
  })
  const first = await sim.run(open())
  const second = await sim.run(open())
  const closed = closeOf(first)
  // @ts-expect-error the raw stream, to send what no WebSocket sends
  first._socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
  expect((await sim.run(closed))[0]).toBe(1002)
  const echo = new Promise((resolve) => second.once('message', (data) => resolve(String(data))))
  second.send('still here')
  expect(await sim.run(echo)).toBe('still here')
})

test('a peer that does not answer a close is cut off after 30 s of lab time', async () => {
  const { sim, client, open } = await lab((socket) => socket.pause())
  const socket = await sim.run(open())
  await sim.run(closeWebSocket(client.clock, socket))
  expect(client.clock.uptimeMs()).toBe(30_000)
})

test('an attempt can be aborted', async () => {
  const { sim, client, cloud } = await createWireLab()
  await cloud.net.listen({ port: 80 }, (conn) => conn.on('error', () => {}).resume())
  const abort = new AbortController()
  client.clock.after(5_000, () => abort.abort(new Error('enough')))
  expect(await sim.run(failure(openWebSocket(client, { url: `ws://${CLOUD}/`, signal: abort.signal })))).toMatchObject({
    message: 'enough',
  })
  expect((await client.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
})

test('an upgrade that is not answered is given up after its own limit, which begins with the connection', async () => {
  const { sim, client, cloud } = await createWireLab()
  await cloud.net.listen({ port: 80 }, (conn) => conn.on('error', () => {}).resume())
  const error = await sim.run(failure(openWebSocket(client, { url: `ws://${CLOUD}/`, upgradeTimeoutMs: 45_000 })))
  expect(error).toMatchObject({ code: 'EDEADLINE' })
  expect(goDialError(error)).toBe('i/o timeout')
  expect(client.clock.uptimeMs()).toBe(45_000)
  expect((await client.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
})
