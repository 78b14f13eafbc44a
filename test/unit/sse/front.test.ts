import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { EST_HOST, REGIONS } from '../../../shared/contract/region.ts'
import { SSE_PATHS } from '../../../shared/contract/sse.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { traceHandshake } from '../../../shared/wire/tls/trace.ts'
import { CLOUD_ADDRESSES, closedBy, CloudLab } from './cloud-lab.ts'

const GET = (host: string, path = '/', more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: curl/7.44.0\r\nAccept: */*\r\n${more}\r\n`

const APRIL = [
  'HTTP/1.1 403 Forbidden',
  'Date: Mon, 05 Jan 2026 12:00:00 GMT',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Length: 9',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'ETag: "5e17b3f8-9"',
  'Cache-Control: no-store',
  'Pragma: no-cache',
  "Content-Security-Policy: default-src 'self'",
  'X-Content-Type-Options: nosniff',
  'X-XSS-Protection: 1; mode=block',
  'Strict-Transport-Security: max-age=31536000; includeSubdomains;',
  '',
  'Forbidden',
].join('\r\n')

describe('what curl -v sees', () => {
  test('every name answers / with the documented 403, byte for byte, and closes 5 s of lab time later', async () => {
    await using lab = new CloudLab()
    await lab.start()
    const started = lab.sim.clock.now()
    const { api, ingest, mx, dex, admin } = REGIONS.eu
    for (const name of [REGIONS.us.api, api, ingest, mx, dex, admin, EST_HOST]) {
      const before = lab.sim.clock.now()
      const text = await lab.sim.run(lab.raw(name, GET(name)))
      expect(text).toBe(APRIL.replace('12:00:00', new Date(before).toISOString().slice(11, 19)))
      expect(lab.sim.clock.now() - before).toBe(5_000)
    }
    expect(lab.sim.clock.now() - started).toBe(35_000)
  })

  test('the December 2020 variant has its own headers and asks for no client certificate', async () => {
    await using lab = new CloudLab()
    await lab.start({ variant: 'december-2020' })
    const text = await lab.sim.run(lab.raw(REGIONS.us.api, GET(REGIONS.us.api)))
    expect(text.split('\r\n').slice(6)).toEqual([
      'ETag: "5fb40950-9"',
      'Cache-Control: no-store',
      'Pragma: no-cache',
      'Content-Security-Policy: default-src https: ;',
      'X-Content-Type-Options: nosniff',
      'X-XSS-Protection: 1; mode=block',
      'X-Frame-Options: SAMEORIGIN',
      'Strict-Transport-Security: max-age=31536000; includeSubDomains',
      '',
      'Forbidden',
    ])
  })

  test('the anonymous registration path, an unknown path, an unknown host and an upgrade without credentials all get the 403', async () => {
    await using lab = new CloudLab()
    await lab.start()
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
    const requests = [
      [REGIONS.us.api, GET(REGIONS.us.api, SSE_PATHS.clients)],
      [REGIONS.us.api, GET(REGIONS.us.api, '/nobody/knows?x=%')],
      [REGIONS.us.api, GET('203.0.113.10')],
      [REGIONS.us.ingest, GET(REGIONS.us.ingest, '/ingest/v1/events', upgrade)],
    ] as const
    for (const [name, text] of requests) {
      const answer = await lab.sim.run(lab.raw(name, text))
      expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
      expect(answer).toMatch(/\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n/)
    }
  })

  test('a client that asks for it gets Connection: close and the end at once', async () => {
    await using lab = new CloudLab()
    await lab.start()
    const before = lab.sim.clock.now()
    const text = await lab.sim.run(lab.raw(REGIONS.us.api, GET(REGIONS.us.api, '/', 'Connection: close\r\n')))
    expect(text).toContain('\r\nConnection: close\r\nETag:')
    expect(lab.sim.clock.now()).toBe(before)
  })

  test('a second request on a kept connection starts the 5 s anew', async () => {
    await using lab = new CloudLab()
    await lab.start()
    const socket = await lab.sim.run(lab.tls(REGIONS.us.api))
    const closed = closedBy(socket).then(() => lab.sim.clock.uptimeMs())
    socket.resume()
    socket.write(GET(REGIONS.us.api))
    await lab.sim.advance(4_000)
    socket.write(GET(REGIONS.us.api))
    expect(await lab.sim.run(closed)).toBe(9_000)
  })

  test('a connection without a request, and one with half a body, ends after 60 s', async () => {
    await using lab = new CloudLab()
    await lab.start()
    for (const text of ['', `POST ${SSE_PATHS.accessToken} HTTP/1.1\r\nHost: ${REGIONS.us.api}\r\nContent-Length: 10\r\n\r\nhalf`]) {
      const before = lab.sim.clock.now()
      expect(await lab.sim.run(lab.raw(REGIONS.us.api, text))).toBe('')
      expect(lab.sim.clock.now() - before).toBe(60_000)
    }
  })

  test('what is not HTTP ends with 400, that connection alone', async () => {
    await using lab = new CloudLab()
    await lab.start()
    expect(await lab.sim.run(lab.raw(REGIONS.us.api, 'this is not HTTP\r\n\r\n'))).toMatch(/^HTTP\/1\.1 400 Bad Request/)
    expect((await lab.sim.run(lab.call(REGIONS.us.api, '/'))).status).toBe(403)
    const plain = await lab.sim.run(lab.dial())
    const closed = closedBy(plain)
    plain.resume()
    plain.write(GET(REGIONS.us.api))
    await lab.sim.run(closed)
    expect((await lab.sim.run(lab.call(REGIONS.us.api, '/'))).status).toBe(403)
  })
})

describe('TLS', () => {
  test('the name asked for picks the certificate, on every address; an unknown name gets the API host of the US region', async () => {
    await using lab = new CloudLab()
    await lab.start()
    const subject = async (servername: string | undefined, address: string) => {
      const socket = await lab.tls(servername, address)
      const { subject: name, issuer } = new X509Certificate(socket.getPeerCertificate().raw)
      expect(issuer).toContain('CN=HydrantID SSL ICA G2')
      socket.destroy()
      return /CN=(.*)/.exec(name)![1]
    }
    for (const address of CLOUD_ADDRESSES) {
      expect(await lab.sim.run(subject(REGIONS.apj.ingest, address))).toBe(REGIONS.apj.ingest)
      expect(await lab.sim.run(subject('nobody.example', address))).toBe(REGIONS.us.api)
      expect(await lab.sim.run(subject(undefined, address))).toBe(REGIONS.us.api)
    }
  })

  test('it negotiates what the documents show: TLSv1.2, ECDHE-RSA-AES128-GCM-SHA256, http/1.1, the root in the chain', async () => {
    await using lab = new CloudLab()
    await lab.start()
    const socket = await lab.sim.run(lab.tls(REGIONS.us.api))
    expect(socket.getProtocol()).toBe('TLSv1.2')
    expect(socket.getCipher().name).toBe('ECDHE-RSA-AES128-GCM-SHA256')
    expect(socket.alpnProtocol).toBe('http/1.1')
    expect(String(socket.authorizationError)).toBe('SELF_SIGNED_CERT_IN_CHAIN')
    socket.destroy()
  })

  test.each([
    ['april-2020', true],
    ['december-2020', false],
  ] as const)('%s: a client certificate is asked for: %s', async (variant, asked) => {
    await using lab = new CloudLab()
    await lab.start({ variant })
    const seen: (number | undefined)[] = []
    const conn = traceHandshake(await lab.sim.run(lab.dial()), ({ direction, handshakeType }) => {
      if (direction === 'in') seen.push(handshakeType)
    })
    const socket = await lab.sim.run(connectTls(conn, { servername: REGIONS.us.api, ca: lab.rootPem, clock: lab.sim.clock }))
    // Server hello, certificate, server key exchange, (certificate request,) server hello done, change cipher spec, finished.
    expect(seen).toEqual([2, 11, 12, ...(asked ? [13] : []), 14, undefined, 20])
    socket.destroy()
  })
})

test('health names the listening ports; after the end nobody answers', async () => {
  const lab = new CloudLab()
  await lab.start()
  expect(lab.host).toMatchObject({ name: 'sse', kind: 'cloud', address: CLOUD_ADDRESSES[0] })
  expect(await lab.sim.run(lab.host.health())).toMatchObject({
    healthy: true,
    waitingFor: [],
    processes: [{ name: 'sse', state: 'Running' }],
  })
  const idle = await lab.sim.run(lab.tls(REGIONS.us.api))
  const closed = closedBy(idle)
  idle.resume()
  await lab.sim.run(async () => lab.host[Symbol.asyncDispose]())
  await lab.sim.run(closed)
  expect(await lab.sim.run(lab.host.health())).toMatchObject({
    healthy: false,
    waitingFor: ['sse listens on tcp port 443', 'sse listens on tcp port 9000'],
  })
  await expect(lab.sim.run(lab.dial())).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await lab.sim.close()
})

test('a wrong configuration says what is wrong', async () => {
  const lab = new CloudLab()
  await expect(lab.start({ regions: ['mars' as never] })).rejects.toMatchObject({
    code: 'LAB_BAD_INPUT',
    message: expect.stringContaining('regions'),
  })
  await expect(lab.start({ certificates: {} })).rejects.toMatchObject({
    code: 'LAB_BAD_INPUT',
    message: expect.stringContaining('api-sse.cisco.com'),
  })
  await lab.sim.close()
})
