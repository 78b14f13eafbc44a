import { generateKeyPairSync } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { EST_HOST, REGIONS } from '../../../shared/contract/region.ts'
import { SSE_PATHS } from '../../../shared/contract/sse.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { createPki } from '../../../shared/wire/pki/pki.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { peekHello, serverNameIn } from '../../../services/sse/client-hello.ts'
import { batchOf, CloudLab, closedBy } from './cloud-lab.ts'

const API = REGIONS.us.api
const other = createPki({ validFromMs: Date.UTC(2020, 0, 1), validToMs: Date.UTC(2049, 0, 1) })
const { chainPem, keyPem } = other.issue({ commonName: API })
const rsaKeyPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
const ecKeyPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })

async function running(): Promise<CloudLab> {
  const lab = new CloudLab()
  await lab.start()
  return lab
}

const fingerprint = (socket: TLSSocket): string => socket.getPeerCertificate().fingerprint256
async function presented(lab: CloudLab, name: string | undefined): Promise<string> {
  const socket = await lab.tls(name)
  const shown = fingerprint(socket)
  socket.destroy()
  return shown
}

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: Error & { code?: string }) => error.code ?? error.message,
  )

test('nobody without the token gets in, and nothing is out of order at the start', async () => {
  await using lab = await running()
  expect((await lab.sim.run(lab.admin('GET', '/v1/outages', undefined, 'wrong'))).status).toBe(401)
  expect(await lab.sim.run(lab.host.health())).toMatchObject({ healthy: true })
  expect(await lab.sim.run(lab.admin('GET', '/v1/outages'))).toEqual({ status: 200, body: { items: [] } })
})

describe('certificates', () => {
  test('another one is presented for its name alone, until it is taken back', async () => {
    await using lab = await running()
    const { sim } = lab
    const own = await sim.run(presented(lab, API))
    const neighbour = await sim.run(presented(lab, REGIONS.eu.api))
    expect(await sim.run(lab.admin('PUT', `/v1/certificates/${API.toUpperCase()}`, { chainPem, keyPem }))).toEqual({
      status: 200,
      body: { name: API, replaced: true },
    })
    const replaced = await sim.run(presented(lab, API))
    expect(replaced).not.toBe(own)
    expect(await sim.run(presented(lab, undefined))).toBe(replaced)
    expect(await sim.run(presented(lab, REGIONS.eu.api))).toBe(neighbour)
    const { body } = await sim.run(lab.admin('GET', '/v1/certificates'))
    expect((body as { name: string; replaced: boolean }[]).filter((certificate) => certificate.replaced)).toEqual([
      { name: API, replaced: true },
    ])
    expect(await sim.run(lab.admin('DELETE', `/v1/certificates/${API}`))).toEqual({ status: 204, body: undefined })
    expect(await sim.run(presented(lab, API))).toBe(own)
    expect((await sim.run(lab.admin('DELETE', `/v1/certificates/${API}`))).status).toBe(204)
  })

  test('the one that a name had before is presented on request, where the cloud has it', async () => {
    await using lab = new CloudLab()
    const expired = other.issue({ commonName: API, validToMs: Date.UTC(2021, 11, 3) })
    await lab.start({ expiredCertificates: { [API]: expired } })
    const { sim } = lab
    expect((await sim.run(lab.admin('PUT', `/v1/certificates/${API}`, { issued: 'expired' }))).status).toBe(200)
    const socket = await sim.run(lab.tls(API))
    expect(socket.getPeerCertificate().valid_to).toBe('Dec  3 00:00:00 2021 GMT')
    socket.destroy()
    expect(await sim.run(lab.admin('PUT', `/v1/certificates/${REGIONS.us.mx}`, { issued: 'expired' }))).toEqual({
      status: 400,
      body: { error: `issued: the cloud was given no expired certificate for ${REGIONS.us.mx}` },
    })
  })

  test('connections that are open live on with the old one', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const client = await lab.sim.run(lab.ingest(accessToken))
    await lab.sim.run(lab.admin('PUT', `/v1/certificates/${REGIONS.us.ingest}`, { chainPem, keyPem }))
    client.send(batchOf(1, 1))
    await lab.sim.run(client.acked(1))
  })

  test.each([
    ['no PEM', { chainPem: 'nonsense', keyPem }, /^chainPem: it is not a PEM certificate: /],
    ['no key', { chainPem, keyPem: 'nonsense' }, /^keyPem: it is not a PEM private key: /],
    ['another key', { chainPem, keyPem: rsaKeyPem }, /^keyPem: it is not the key of the first certificate in chainPem$/],
    ['a key of another kind', { chainPem, keyPem: ecKeyPem }, /^keyPem: the cloud's cipher needs an RSA key, not ec$/],
    ['half of it', { chainPem }, /^write \{chainPem, keyPem\}, or /],
    ['more than it', { chainPem, keyPem, more: 1 }, /more/],
    ['no JSON', '{', /^the body is not JSON: /],
  ])('%s is refused in one sentence, and the certificate stays', async (_, body, message) => {
    await using lab = await running()
    const own = await lab.sim.run(presented(lab, API))
    const answer = await lab.sim.run(lab.admin('PUT', `/v1/certificates/${API}`, body))
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(message) } })
    expect(await lab.sim.run(presented(lab, API))).toBe(own)
  })

  test.each(['PUT', 'DELETE'])('%s of a name that the cloud does not have is told the names', async (method) => {
    await using lab = await running()
    const answer = await lab.sim.run(lab.admin(method, '/v1/certificates/api.example', method === 'PUT' ? { chainPem, keyPem } : undefined))
    expect(answer).toMatchObject({ status: 404, body: { error: expect.stringContaining(`it has ${EST_HOST}, ${API}, `) } })
  })
})

describe('outages', () => {
  const begin = async (lab: CloudLab, outage: object): Promise<string> =>
    ((await lab.sim.run(lab.admin('POST', '/v1/outages', outage))).body as { id: string }).id
  const end = (lab: CloudLab, id: string) => lab.sim.run(lab.admin('DELETE', `/v1/outages/${id}`))
  const statusOf = async (lab: CloudLab, name: string, path = '/') => (await lab.sim.run(lab.call(name, path))).status

  test('a server error has the page of a load balancer, and ends with its outage', async () => {
    await using lab = await running()
    const id = await begin(lab, { role: 'api', answer: { status: 503, retryAfterSeconds: 30 } })
    const answer = await lab.sim.run(lab.call(API, SSE_PATHS.regions))
    expect(answer).toMatchObject({ status: 503, text: expect.stringContaining('<h1>503 Service Unavailable</h1>') })
    expect(answer.headers).toMatchObject({ 'content-type': 'text/html', 'retry-after': '30' })
    expect(await statusOf(lab, REGIONS.us.admin)).toBe(403)
    expect(await end(lab, id)).toEqual({ status: 204, body: undefined })
    expect(await statusOf(lab, API, SSE_PATHS.regions)).toBe(200)
    expect((await end(lab, id)).status).toBe(404)
  })

  test('a client error has the shape of the cloud’s refusals', async () => {
    await using lab = await running()
    await begin(lab, { role: 'api', answer: { status: 429, retryAfterSeconds: 60 } })
    const answer = await lab.sim.run(lab.call(API, SSE_PATHS.clients, { method: 'POST', body: {} }))
    expect(answer).toMatchObject({ status: 429, body: { error: 'too_many_requests', error_description: 'Too Many Requests' } })
    expect(answer.headers).toMatchObject({ 'retry-after': '60' })
  })

  test('region and path say what is concerned; the newest outage that matches decides', async () => {
    await using lab = await running()
    await begin(lab, { role: 'api', region: 'eu', answer: { status: 500 } })
    await begin(lab, { role: 'api', path: '/providers/sse/services/registration', answer: { status: 502 } })
    expect(await statusOf(lab, REGIONS.eu.api)).toBe(500)
    expect(await statusOf(lab, REGIONS.eu.api, SSE_PATHS.clients)).toBe(502)
    expect(await statusOf(lab, API, SSE_PATHS.clients)).toBe(502)
    expect(await statusOf(lab, API)).toBe(403)
    const { body } = await lab.sim.run(lab.admin('GET', '/v1/outages'))
    expect(body).toMatchObject({ items: [{ answer: { status: 502 } }, { answer: { status: 500 }, region: 'eu' }] })
  })

  test('enrolment, which is of no region, can be down too', async () => {
    await using lab = await running()
    await begin(lab, { role: 'est', answer: { status: 503 } })
    expect(await statusOf(lab, EST_HOST)).toBe(503)
  })

  test('a reset comes when the client has named its server, and nobody else is concerned', async () => {
    await using lab = await running()
    const id = await begin(lab, { role: 'api', region: 'us', answer: 'reset' })
    expect(await failure(lab.sim.run(lab.tls(API)))).toBe('ECONNRESET')
    // Who names nobody is taken for a client of the default name.
    expect(await failure(lab.sim.run(lab.tls(undefined)))).toBe('ECONNRESET')
    expect(await statusOf(lab, REGIONS.eu.api)).toBe(403)
    await end(lab, id)
    expect(await statusOf(lab, API)).toBe(403)
  })

  test('a client that leaves without a word during an outage leaves nothing behind', async () => {
    await using lab = await running()
    await begin(lab, { role: 'api', answer: 'reset' })
    const conn = await lab.sim.run(lab.dial())
    conn.resume()
    conn.end()
    await lab.sim.run(closedBy(conn))
    const reset = await lab.sim.run(lab.dial())
    reset.resetAndDestroy()
    expect(await statusOf(lab, REGIONS.us.admin)).toBe(403)
  })

  test('silence lasts longer than any request may take, and ends with the connection', async () => {
    await using lab = await running()
    const id = await begin(lab, { role: 'api', answer: 'silence' })
    const socket = await lab.sim.run(lab.tls(API))
    let ended = false
    let received = 0
    socket.on('data', (chunk: Buffer) => (received += chunk.length))
    const closed = closedBy(socket).then(() => (ended = true))
    socket.write(`GET / HTTP/1.1\r\nHost: ${API}\r\n\r\n`)
    await lab.sim.advance(600_000)
    expect([ended, received]).toEqual([false, 0])
    await end(lab, id)
    await lab.sim.run(closed)
    expect(received).toBe(0)
  })

  test('an outage may be of some requests only: after the first ones, so many', async () => {
    await using lab = await running()
    const id = await begin(lab, { role: 'api', path: SSE_PATHS.regions, answer: { status: 503 }, skip: 1, times: 2 })
    await begin(lab, { role: 'api', path: '/other', answer: { status: 500 }, times: 1 })
    const statuses: number[] = []
    for (let request = 0; request < 5; request++) statuses.push(await statusOf(lab, API, SSE_PATHS.regions))
    expect(statuses).toEqual([200, 503, 503, 200, 200])
    await end(lab, id)
    await begin(lab, { role: 'api', path: SSE_PATHS.regions, answer: { status: 502 }, times: 1 })
    expect([await statusOf(lab, API, SSE_PATHS.regions), await statusOf(lab, API, SSE_PATHS.regions)]).toEqual([502, 200])
  })

  test('a request for a WebSocket counts once, and the open ones are no requests', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const client = await lab.sim.run(lab.ingest(accessToken))
    await begin(lab, { role: 'ingest', answer: { status: 503 }, times: 2 })
    client.send(batchOf(1, 1))
    await lab.sim.run(client.acked(1))
    const refused = 'Unexpected server response: 503'
    expect(await failure(lab.sim.run(lab.ingest(accessToken)))).toBe(refused)
    expect(await failure(lab.sim.run(lab.ingest(accessToken)))).toBe(refused)
    const again = await lab.sim.run(lab.ingest(accessToken))
    again.send(batchOf(2, 2))
    await lab.sim.run(again.acked(1))
  })

  test('of resets the connections are counted', async () => {
    await using lab = await running()
    await begin(lab, { role: 'api', region: 'us', answer: 'reset', skip: 1, times: 1 })
    expect(await statusOf(lab, API)).toBe(403)
    expect(await failure(lab.sim.run(lab.tls(API)))).toBe('ECONNRESET')
    expect(await statusOf(lab, API)).toBe(403)
  })

  test.each([
    ['503', { status: 503 }, { code: 1001, reason: '' }],
    ['a reset', 'reset', { code: 1006, reason: '' }],
  ])('%s ends the open WebSockets of the region and refuses new ones', async (_, answer, closing) => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const inEurope = await lab.sim.run(lab.device('guid-2', undefined, 'eu'))
    const client = await lab.sim.run(lab.ingest(accessToken))
    const european = await lab.sim.run(lab.ingest(inEurope.accessToken, 'eu'))
    const id = await begin(lab, { role: 'ingest', region: 'us', answer })
    expect(await lab.sim.run(client.closed)).toEqual(closing)
    expect(await failure(lab.sim.run(lab.ingest(accessToken)))).toMatch(/^Unexpected server response: 503$|^ECONNRESET$/)
    european.send(batchOf(1, 1))
    await lab.sim.run(european.acked(1))
    await end(lab, id)
    const again = await lab.sim.run(lab.ingest(accessToken))
    again.send(batchOf(1, 1))
    await lab.sim.run(again.acked(1))
  })

  test('silence leaves WebSockets open, answers no ping and stores nothing; what was sent meanwhile is stored when it ends', async () => {
    await using lab = await running()
    const { accessToken } = await lab.sim.run(lab.device('guid-1'))
    const client = await lab.sim.run(lab.ingest(accessToken))
    let pongs = 0
    client.webSocket.on('pong', () => pongs++)
    const id = await begin(lab, { role: 'ingest', answer: 'silence' })
    client.send(batchOf(1, 3))
    client.webSocket.ping()
    await lab.sim.advance(60_000)
    expect([client.acks, pongs]).toEqual([[], 0])
    await end(lab, id)
    await lab.sim.run(client.acked(1))
    expect([client.acks, pongs]).toEqual([[{ first: 1, ack: 3 }], 1])
  })

  test.each([
    [{ role: 'portal', answer: 'reset' }, /^role: /],
    [{ role: 'api' }, /^answer: /],
    [{ role: 'api', answer: { status: 200 } }, /^answer/],
    [{ role: 'api', answer: 'close' }, /^answer/],
    [{ role: 'api', region: 'moon', answer: 'reset' }, /^region: /],
    [{ role: 'est', region: 'us', answer: 'silence' }, /^region: est belongs to all regions$/],
    [{ role: 'api', answer: 'silence', times: 0 }, /^times: /],
    [{ role: 'api', path: '/x', answer: 'reset' }, /^path: a connection is reset before its requests have paths$/],
  ])('%j is refused', async (outage, message) => {
    await using lab = await running()
    const answer = await lab.sim.run(lab.admin('POST', '/v1/outages', outage))
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(message) } })
    expect((await lab.sim.run(lab.admin('GET', '/v1/outages'))).body).toEqual({ items: [] })
  })
})

describe('the server name of a ClientHello', () => {
  async function helloFor(name: string | undefined): Promise<Buffer> {
    const sim = createSim({ seed: 1 })
    const { world } = sim.addHost({ name: 'h', interfaces: [{ name: 'eth0', address: '203.0.113.9', netmask: '255.255.255.0' }] })
    const hello = Promise.withResolvers<Buffer>()
    await sim.run(
      world.net.listen({ port: 443 }, (conn) =>
        peekHello(conn, world.clock, (bytes) => {
          hello.resolve(bytes)
          conn.destroy()
        }),
      ),
    )
    await sim.run(
      world.net
        .dial({ address: '203.0.113.9', port: 443 })
        .then((conn) => failure(connectTls(conn, { clock: sim.clock, ...(name !== undefined && { servername: name }) }))),
    )
    await sim.close()
    return hello.promise
  }

  test('is read from what Node sends, however early it is cut', async () => {
    const hello = await helloFor('API-sse.cisco.com')
    expect(serverNameIn(hello)).toBe('api-sse.cisco.com')
    for (let length = 0; length < hello.length; length++) {
      const found = serverNameIn(hello.subarray(0, length))
      expect(found === undefined || 'api-sse.cisco.com'.startsWith(found)).toBe(true)
    }
    expect(serverNameIn(await helloFor(undefined))).toBeUndefined()
    expect(serverNameIn(Buffer.from('GET / HTTP/1.1\r\nHost: api-sse.cisco.com\r\n\r\n'))).toBeUndefined()
  })
})
