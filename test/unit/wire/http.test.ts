import type { IncomingMessage } from 'node:http'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { goDialError } from '../../../shared/wire/go-errors.ts'
import { createAgent, request } from '../../../shared/wire/http/client.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import type { ServeHttpOptions } from '../../../shared/wire/http/server.ts'
import { CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { address, CLOUD, createWireLab, pki, serveDns } from './wire-lab.ts'

const NAME = 'api-sse.cisco.com'
const tls = { ...CLOUD_TLS, identity: () => identity }
const identity = pki.issue({ commonName: NAME })
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

async function lab(handler: ServeHttpOptions['handler']) {
  const made = await createWireLab()
  await serveDns(made.dns, () => ({ answers: address(NAME, CLOUD) }))
  const service = await serveHttp(made.cloud, { port: 443, handler, tls })
  return { ...made, service }
}

const bodyOf = async (incoming: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  return text
}

test('a request by name over TLS: the Date header comes first and is lab time', async () => {
  const { sim, client } = await lab((incoming, response) => {
    response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', 'Keep-Alive': 'timeout=5' })
    response.end(`Forbidden ${incoming.headers.host}`)
  })
  const response = await sim.run(request(client, { url: `https://${NAME}/`, ca: pki.rootPem }))
  expect(response).toMatchObject({ status: 403, statusText: 'Forbidden' })
  expect(response.rawHeaders.slice(0, 4)).toEqual(['Date', 'Mon, 05 Jan 2026 12:00:00 GMT', 'Content-Type', 'text/plain; charset=utf-8'])
  expect(response.body.toString()).toBe(`Forbidden ${NAME}`)
  expect((await client.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
})

test('a Fastify application is served as it is, and ends with its service', async () => {
  const app = Fastify()
  app.post('/echo', async (incoming) => ({ got: incoming.body }))
  let closed = false
  app.addHook('onClose', async () => {
    closed = true
  })
  const { sim, client, service } = await lab(app)
  const agent = createAgent(client, { origin: `https://${NAME}`, ca: pki.rootPem })
  const response = await sim.run(
    agent.request('/echo', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"ä":1}' }),
  )
  expect([response.status, response.headers.date, response.body.toString()]).toEqual([
    200,
    'Mon, 05 Jan 2026 12:00:00 GMT',
    '{"got":{"ä":1}}',
  ])
  await sim.run(async () => service[Symbol.asyncDispose]())
  expect(closed).toBe(true)
  expect(goDialError(await sim.run(failure(agent.request('/echo'))))).toBe(`dial tcp ${CLOUD}:443: getsockopt: connection refused`)
})

test('an agent keeps one connection for requests in turn, however many wait', async () => {
  const seen: string[] = []
  const sockets = new Set<unknown>()
  const { sim, client } = await lab(async (incoming, response) => {
    sockets.add(incoming.socket)
    seen.push(await bodyOf(incoming))
    response.setHeader('Keep-Alive', 'timeout=5')
    response.end('ok')
  })
  await using agent = createAgent(client, { origin: `https://${NAME}`, ca: pki.rootPem })
  const bodies = Array.from({ length: 20 }, (_, index) => `body ${index}`)
  await sim.run(Promise.all(bodies.map((body) => agent.request('/', { method: 'POST', body }))))
  await sim.advance(3_600_000)
  await sim.run(agent.request('/', { method: 'POST', body: 'late' }))
  expect(seen).toEqual([...bodies, 'late'])
  expect(sockets.size).toBe(1)
})

test('an agent connects anew after the server closed the connection, and after a failure', async () => {
  let count = 0
  const { sim, client } = await lab((incoming, response) => {
    count++
    if (count === 3) return void incoming.socket.destroy()
    response.end(String(count))
    if (count === 1) response.on('finish', () => setImmediate(() => incoming.socket.destroy()))
  })
  const agent = createAgent(client, { origin: `https://${NAME}`, ca: pki.rootPem })
  const get = async (): Promise<string> => (await agent.request('/')).body.toString()
  expect(await sim.run(get())).toBe('1')
  expect(await sim.run(get())).toBe('2')
  // The server ends the kept connection instead of answering: a GET goes again, once.
  expect(await sim.run(get())).toBe('4')
  count = 2
  expect(await sim.run(failure(agent.request('/', { method: 'POST', body: 'x' })))).toMatchObject({ code: 'ECONNRESET' })
  expect(await sim.run(get())).toBe('4')
})

test('a server that never answers is given up after the time limit, and the next request is not held up', async () => {
  let silent = true
  const { sim, client } = await lab((_incoming, response) => {
    if (!silent) response.end('ok')
  })
  const agent = createAgent(client, { origin: `https://${NAME}`, ca: pki.rootPem })
  const before = client.clock.now()
  expect(await sim.run(failure(agent.request('/', { timeoutMs: 20_000 })))).toMatchObject({ code: 'EDEADLINE', timeoutMs: 20_000 })
  expect(client.clock.now() - before).toBe(20_000)
  silent = false
  expect((await sim.run(agent.request('/'))).status).toBe(200)
})

test('half an answer and no HTTP at all are HTTP errors', async () => {
  const { sim, client, cloud } = await createWireLab()
  await cloud.net.listen({ port: 80 }, (conn) =>
    conn.on('error', () => {}).once('data', () => conn.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')),
  )
  await cloud.net.listen({ port: 81 }, (conn) => conn.on('error', () => {}).once('data', () => conn.end('SSH-2.0-x\r\n')))
  await cloud.net.listen({ port: 82 }, (conn) => conn.on('error', () => {}).once('data', () => conn.end()))
  const errors = []
  for (const port of [80, 81, 82]) errors.push(await sim.run(failure(request(client, { url: `http://${CLOUD}:${port}/` }))))
  expect(errors).toMatchObject([{ code: 'ECONNRESET' }, { code: 'HPE_INVALID_CONSTANT' }, { code: 'ECONNRESET' }])
  expect(errors.map(goDialError)).toEqual(['EOF', 'malformed HTTP response', 'EOF'])
})

test('a port that is taken is refused with EADDRINUSE and leaves nothing open', async () => {
  const { sim, cloud } = await lab((_incoming, response) => response.end())
  expect(await sim.run(failure(serveHttp(cloud, { port: 443, handler: Fastify() })))).toMatchObject({ code: 'EADDRINUSE' })
})
