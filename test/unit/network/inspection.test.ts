import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { ADDRESSES, PROXY_PORT } from '../../../shared/contract/topology.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { tunnel } from '../../../shared/wire/http/connect.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { createPki } from '../../../shared/wire/pki/pki.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { openWebSocket } from '../../../shared/wire/ws/client.ts'
import { WEBSOCKET_OPTIONS } from '../../../shared/wire/ws/options.ts'
import { startEstate } from './estate.ts'

const API = 'api-sse.cisco.com'
const MX = 'mx01.sse.itd.cisco.com'
const proxy = { host: ADDRESSES.proxy, port: PROXY_PORT }
const pki = createPki({ validFromMs: Date.UTC(2025, 0, 1), validToMs: Date.UTC(2035, 0, 1) })
const identity = pki.issue({ commonName: API })

/** A proxy that inspects, and a cloud that answers requests and echoes on WebSockets. */
async function startInspected() {
  const estate = await startEstate({ settings: { authentication: null, deny: [], inspect: true } })
  const front = await estate.sim.run(
    serveHttp(estate.cloud, {
      port: 443,
      tls: { ...CLOUD_TLS, identity: () => identity },
      handler: (incoming, response) => void response.end(`for ${incoming.headers.host}`),
    }),
  )
  const sockets = new WebSocketServer({ ...WEBSOCKET_OPTIONS, noServer: true })
  front.server.on('upgrade', (incoming, socket, head) => {
    sockets.handleUpgrade(incoming, socket, head, (webSocket) => {
      webSocket.on('message', (data: Buffer) => webSocket.send(`${data.toString()} back`))
    })
  })
  /** The proxy's authority, as the certificate chain that a client gets shows it. */
  const authority = async (name: string) => {
    const conn = await tunnel(estate.client, proxy, name, 443)
    const socket = await connectTls(conn, { clock: estate.client.clock, servername: name, rejectUnauthorized: false })
    const leaf = socket.getPeerCertificate(true)
    socket.destroy()
    return { subject: leaf.subject.CN, issuer: leaf.issuer.CN, verdict: socket.authorizationError, rootDer: leaf.issuerCertificate.raw }
  }
  return { estate, authority }
}

const pemOf = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`

test('each name gets a certificate of the one authority of the proxy', async () => {
  const { estate, authority } = await startInspected()
  await using _ = estate
  const first = await estate.sim.run(authority(API))
  expect(first).toMatchObject({ subject: API, issuer: 'Web Proxy Inspection CA', verdict: 'SELF_SIGNED_CERT_IN_CHAIN' })
  const second = await estate.sim.run(authority(MX))
  expect(second.subject).toBe(MX)
  expect(second.rootDer.equals(first.rootDer)).toBe(true)
})

test('whoever trusts the authority gets through, with requests and WebSockets', async () => {
  const { estate, authority } = await startInspected()
  await using _ = estate
  const { rootDer } = await estate.sim.run(authority(API))
  const route = { proxy, ca: pemOf(rootDer) }
  const answer = await estate.sim.run(request(estate.client, { url: `https://${API}/`, ...route }))
  expect([answer.status, answer.body.toString()]).toEqual([200, `for ${API}`])
  await estate.sim.run(async () => {
    const socket = await openWebSocket(estate.client, { url: `wss://${API}/`, ...route })
    const heard = new Promise((resolve) => socket.once('message', (data: Buffer) => resolve(data.toString())))
    socket.send('there and')
    expect(await heard).toBe('there and back')
    socket.close()
  })
})

test('whoever does not trust it breaks off, and so does the way to the cloud', async () => {
  const { estate } = await startInspected()
  await using _ = estate
  const refused = estate.sim.run(request(estate.client, { url: `https://${API}/`, proxy, ca: pki.rootPem }))
  await expect(refused).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  await estate.sim.advance(1_000)
  const open = (await estate.cloud.net.sockets()).filter((row) => row.protocol === 'tcp' && row.state === 'ESTABLISHED')
  expect(open).toEqual([])
})

test('what is no TLS, or a cloud that speaks none, ends the tunnel', async () => {
  await using estate = await startEstate({ settings: { authentication: null, deny: [], inspect: true } })
  await estate.sim.run(
    estate.cloud.net.listen({ port: 443 }, (conn) => conn.on('error', () => {}).once('data', () => conn.end('no TLS here'))),
  )
  const conn = await estate.sim.run(tunnel(estate.client, proxy, API, 443))
  conn.on('error', () => {})
  const ended = new Promise<string>((resolve) => conn.once('end', () => resolve('ended')))
  conn.resume().write('GET / HTTP/1.1\r\n\r\n')
  expect(await estate.sim.run(ended)).toBe('ended')
  conn.destroy()
  const other = estate.sim.run(request(estate.client, { url: `https://${API}/`, proxy, rejectUnauthorized: false }))
  await expect(other).rejects.toThrow()
  expect(await estate.sim.run(estate.proxy.health())).toMatchObject({ healthy: true })
})

test('a tunnel that was open before is left alone', async () => {
  await using estate = await startEstate()
  await estate.sim.run(estate.cloud.net.listen({ port: 443 }, (conn) => conn.on('error', () => {}).pipe(conn)))
  const conn = await estate.sim.run(tunnel(estate.client, proxy, API, 443))
  expect(await estate.admin(estate.proxy, 'PUT', '/v1/settings', { authentication: null, deny: [], inspect: true })).toMatchObject({
    status: 200,
  })
  const heard = new Promise((resolve) => conn.once('data', (data: Buffer) => resolve(data.toString())))
  conn.write('not TLS')
  expect(await estate.sim.run(heard)).toBe('not TLS')
  conn.destroy()
})
