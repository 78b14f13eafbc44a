import type { TLSSocket } from 'node:tls'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { World } from '../../../shared/kernel/world.ts'
import { goDialError } from '../../../shared/wire/go-errors.ts'
import { createFmcCa } from '../../../shared/wire/pki/fmc-ca.ts'
import { newEcKeyPem } from '../../../shared/wire/pki/ca.ts'
import { createPki, pkiKeys } from '../../../shared/wire/pki/pki.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import type { TlsClientOptions } from '../../../shared/wire/tls/client.ts'
import { acceptTls, CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import type { TlsServerOptions } from '../../../shared/wire/tls/server.ts'
import { readRecords, traceHandshake } from '../../../shared/wire/tls/trace.ts'
import type { TlsRecord } from '../../../shared/wire/tls/trace.ts'
import { CLOUD, createWireLab, DAY_MS, pki, LAB_NOW_MS } from './wire-lab.ts'

const NAME = 'api-sse.cisco.com'
const identity = pki.issue({ commonName: NAME })
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

async function lab(
  options: Partial<TlsServerOptions> = {},
  accept: (socket: TLSSocket) => void = (socket) => socket.on('error', () => {}).resume(),
) {
  const made = await createWireLab()
  await made.cloud.net.listen(
    { port: 443 },
    acceptTls({ ...CLOUD_TLS, clock: made.cloud.clock, identity: () => identity, ...options }, accept),
  )
  return made
}

const handshake = async (client: World, options: Partial<TlsClientOptions> = {}): Promise<TLSSocket> =>
  connectTls(await client.net.dial({ address: CLOUD, port: 443 }), { clock: client.clock, servername: NAME, ca: pki.rootPem, ...options })

test('the handshake is that of the seeds: protocol, cipher, ALPN, certificates and messages', async () => {
  const { sim, client } = await lab()
  const records: TlsRecord[] = []
  const socket = await sim.run(async () => {
    const conn = traceHandshake(await client.net.dial({ address: CLOUD, port: 443 }), (record) => records.push(record))
    expect(conn.remoteAddress).toBe(CLOUD)
    return connectTls(conn, { clock: client.clock, servername: NAME, rejectUnauthorized: false })
  })
  expect([socket.getProtocol(), socket.getCipher().standardName, socket.alpnProtocol]).toEqual([
    'TLSv1.2',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'http/1.1',
  ])
  expect(socket.authorizationError).toBe('SELF_SIGNED_CERT_IN_CHAIN')
  expect(socket.getPeerCertificate().subject.CN).toBe(NAME)
  expect(
    records.map(({ direction, contentType, handshakeType, version }) =>
      `${version} ${direction} ${contentType} ${handshakeType ?? ''}`.trim(),
    ),
  ).toEqual([
    'TLSv1.2 out 22 1',
    'TLSv1.2 in 22 2',
    'TLSv1.2 in 22 11',
    'TLSv1.2 in 22 12',
    'TLSv1.2 in 22 13',
    'TLSv1.2 in 22 14',
    'TLSv1.2 out 22 11',
    'TLSv1.2 out 22 16',
    'TLSv1.2 out 20',
    'TLSv1.2 out 22 20',
    'TLSv1.2 in 20',
    'TLSv1.2 in 22 20',
  ])
  await sim.close()
})

test('data passes a traced connection unharmed, also more than fits at once', async () => {
  const { sim, client } = await lab({}, (socket) => socket.pipe(socket))
  const sent = Buffer.alloc(3_000_000, 'ftdlab ')
  const received = await sim.run(async () => {
    const socket = await connectTls(
      traceHandshake(await client.net.dial({ address: CLOUD, port: 443 }), () => {}),
      { clock: client.clock, servername: NAME, ca: pki.rootPem },
    )
    socket.end(sent)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks)
  })
  expect(received.equals(sent)).toBe(true)
})

test('without CA certificates nothing is trusted, with another name the certificate is not for us', async () => {
  const { sim, client } = await lab()
  expect(goDialError(await sim.run(failure(handshake(client, { ca: '' }))))).toBe('x509: certificate signed by unknown authority')
  const other = await sim.run(failure(handshake(client, { servername: 'mx01.sse.itd.cisco.com' })))
  expect(other).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', certificateNames: [NAME] })
  expect(goDialError(other)).toBe(`x509: certificate is valid for ${NAME}, not mx01.sse.itd.cisco.com`)
})

test('a certificate can expire while the server serves, and be renewed', async () => {
  const expired = pki.issue({ commonName: NAME, validFromMs: LAB_NOW_MS - 2 * DAY_MS, validToMs: LAB_NOW_MS - DAY_MS })
  const early = pki.issue({ commonName: NAME, validFromMs: LAB_NOW_MS + DAY_MS, validToMs: LAB_NOW_MS + 2 * DAY_MS })
  let shown = expired
  const { sim, client } = await lab({ identity: () => shown })
  expect(await sim.run(failure(handshake(client)))).toMatchObject({ code: 'CERT_HAS_EXPIRED' })
  shown = early
  const error = await sim.run(failure(handshake(client)))
  expect(error).toMatchObject({ code: 'CERT_NOT_YET_VALID' })
  expect(goDialError(error)).toBe('x509: certificate has expired or is not yet valid')
  shown = identity
  const socket = await sim.run(handshake(client))
  expect([socket.authorized, socket.getPeerCertificate(true).issuerCertificate.subject.CN]).toEqual([true, 'HydrantID SSL ICA G2'])
})

test('the clock of the host that verifies decides, whatever time it is for the machine', async () => {
  const expired = pki.issue({ commonName: NAME, validFromMs: Date.UTC(2019, 11, 3), validToMs: Date.UTC(2021, 11, 3) })
  const far = pki.issue({ commonName: NAME, validFromMs: Date.UTC(2090, 0, 1), validToMs: Date.UTC(2092, 0, 1) })
  const stranger = createPki({
    validFromMs: LAB_NOW_MS,
    validToMs: LAB_NOW_MS,
    keys: { ...pkiKeys(), rootKeyPem: newEcKeyPem(), intermediateKeyPem: newEcKeyPem() },
  })
  let shown = expired
  const { sim, client } = await lab({ identity: () => shown })
  const outcome = async (options: Partial<TlsClientOptions> = {}) => {
    const error = await sim.run(failure(handshake(client, options)))
    return error === undefined ? 'trusted' : (error as { code: string }).code
  }
  await client.clock.set(Date.UTC(2020, 5, 1))
  expect(await outcome()).toBe('trusted')
  expect(await outcome({ servername: 'mx01.sse.itd.cisco.com' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  expect(await outcome({ ca: '' })).toBe('SELF_SIGNED_CERT_IN_CHAIN')
  expect(await outcome({ ca: stranger.rootPem })).toBe('SELF_SIGNED_CERT_IN_CHAIN')
  shown = { ...expired, chainPem: expired.certPem }
  expect(await outcome()).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  shown = identity
  expect(await outcome()).toBe('CERT_NOT_YET_VALID')
  await client.clock.set(Date.UTC(2091, 0, 1))
  expect(await outcome()).toBe('CERT_HAS_EXPIRED')
  shown = far
  expect(await outcome()).toBe('trusted')
  const socket = await sim.run(handshake(client, { rejectUnauthorized: false, ca: '' }))
  expect([socket.authorized, socket.authorizationError]).toEqual([false, 'SELF_SIGNED_CERT_IN_CHAIN'])
})

test('one port serves several names, and the default to whoever names none', async () => {
  const mx = pki.issue({ commonName: 'mx01.sse.itd.cisco.com' })
  const { sim, client } = await lab({
    identity: (name) => (name === undefined ? identity : name === 'mx01.sse.itd.cisco.com' ? mx : undefined),
  })
  const shown = async (servername?: string): Promise<unknown> => {
    const conn = await client.net.dial({ address: CLOUD, port: 443 })
    const socket = await connectTls(conn, {
      clock: client.clock,
      ...(servername !== undefined && { servername }),
      rejectUnauthorized: false,
    })
    return socket.getPeerCertificate().subject.CN
  }
  expect(await sim.run(shown('mx01.sse.itd.cisco.com'))).toBe('mx01.sse.itd.cisco.com')
  expect(await sim.run(shown())).toBe(NAME)
  expect(await sim.run(shown(CLOUD))).toBe(NAME)
  expect(await sim.run(shown('unknown.cisco.com'))).toBe(NAME)
})

test('a server without any certificate ends the handshake with an alert', async () => {
  const errors: Error[] = []
  const { sim, client } = await lab({ identity: () => undefined, onError: (error) => errors.push(error) })
  const records: TlsRecord[] = []
  const error = await sim.run(
    failure(
      client.net.dial({ address: CLOUD, port: 443 }).then((conn) =>
        connectTls(
          traceHandshake(conn, (record) => records.push(record)),
          { clock: client.clock, servername: NAME },
        ),
      ),
    ),
  )
  expect(goDialError(error)).toBe('remote error: tls: handshake failure')
  expect(records.at(-1)).toMatchObject({ direction: 'in', contentType: 21, alert: 40 })
  expect(errors).toHaveLength(1)
})

test('a peer that speaks no TLS, closes, or resets in the middle is told apart', async () => {
  const { sim, client, cloud } = await createWireLab()
  await cloud.net.listen({ port: 1 }, (conn) => conn.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await cloud.net.listen({ port: 2 }, (conn) => conn.once('data', () => conn.end()))
  await cloud.net.listen({ port: 3 }, (conn) => conn.once('data', () => conn.resetAndDestroy()))
  const texts = []
  for (const port of [1, 2, 3]) {
    texts.push(
      goDialError(
        await sim.run(
          failure(client.net.dial({ address: CLOUD, port }).then((conn) => connectTls(conn, { clock: client.clock, servername: NAME }))),
        ),
      ),
    )
  }
  expect(texts[0]).toBe('tls: first record does not look like a TLS handshake')
  expect(texts[1]).toBe('EOF')
  expect(texts[2]).toMatch(/^read tcp 192\.0\.2\.27:\d+->192\.0\.2\.30:3: read: connection reset by peer$/)
})

test('a silent peer is given up when the signal says so, and the connection goes', async () => {
  const { sim, client, cloud } = await createWireLab()
  await cloud.net.listen({ port: 443 }, (conn) => conn.resume())
  const abort = new AbortController()
  client.clock.after(10_000, () => abort.abort(new Error('enough')))
  expect(await sim.run(failure(handshake(client, { signal: abort.signal })))).toMatchObject({ message: 'enough' })
  expect((await client.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
})

test('client certificates are asked for, and checked where that is wanted', async () => {
  // A server's OpenSSL looks at the machine's clock.
  const validity = { validFromMs: Date.now() - DAY_MS, validToMs: Date.now() + DAY_MS }
  const ca = createFmcCa({ commonName: 'fmc', ...validity })
  const own = ca.issue({ commonName: 'ftd1', ...validity })
  const seen: (string | undefined)[] = []
  const accept = (socket: TLSSocket): void => {
    seen.push(`${socket.authorized} ${String(socket.getPeerCertificate().subject.CN)}`)
    socket.on('error', () => {}).write('hello')
  }
  const { sim, client } = await lab({ rejectUnauthorized: true, ca: ca.caPem }, accept)
  const first = async (options: Partial<TlsClientOptions>): Promise<string> => {
    const socket = await handshake(client, options)
    return new Promise((resolve, reject) => {
      socket.once('data', (data: Buffer) => resolve(data.toString()))
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('closed')))
    })
  }
  expect(await sim.run(failure(first({})))).toBeInstanceOf(Error)
  expect(await sim.run(first({ cert: own.certPem, key: own.keyPem }))).toBe('hello')
  expect(seen).toEqual(['true ftd1'])
})

const message = (type: number, length: number): Buffer =>
  Buffer.concat([Buffer.from([type, 0, length >> 8, length & 0xff]), Buffer.alloc(length, 3)])
const record = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 0xff]), body])

const read = (chunks: readonly Buffer[]): TlsRecord[] => {
  const records: TlsRecord[] = []
  const feed = readRecords('in', (one) => records.push(one))
  for (const chunk of chunks) feed(chunk)
  return records
}

test('records are read the same however the bytes are cut', () => {
  const certificate = message(11, 600)
  const stream = Buffer.concat([
    record(22, message(2, 70)),
    // One message over two records, and two messages in one.
    record(22, certificate.subarray(0, 400)),
    record(22, Buffer.concat([certificate.subarray(400), message(12, 300), message(14, 0)])),
    record(20, Buffer.from([1])),
    record(22, Buffer.alloc(40, 0xee)),
    record(23, Buffer.alloc(100, 0xdd)),
    record(21, Buffer.alloc(26, 0xcc)),
  ])
  const whole = read([stream])
  expect(whole.map(({ contentType, handshakeType }) => [contentType, handshakeType])).toEqual([
    [22, 2],
    [22, 11],
    [22, 12],
    [22, 14],
    [20, undefined],
    [22, 20],
    [21, undefined],
  ])
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: stream.length - 1 })), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      expect(read(edges.slice(1).map((end, index) => stream.subarray(edges[index], end)))).toEqual(whole)
    }),
  )
})
