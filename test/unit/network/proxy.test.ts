import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { ADDRESSES, PROXY_PORT } from '../../../shared/contract/topology.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import { tunnel } from '../../../shared/wire/http/connect.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { startEstate } from './estate.ts'

const API = 'api.eu.sse.itd.cisco.com'
const PROXY = { host: ADDRESSES.proxy, port: PROXY_PORT }
const WITH_PASSWORD = { authentication: { user: 'lab', password: 'p:w' }, deny: [] }

type Estate = Awaited<ReturnType<typeof startEstate>>

/** Asks for CONNECT and gives `200`, or status and reason phrase of the refusal. */
function connect(estate: Estate, host: string, port: number, credentials = {}): Promise<string> {
  return estate.sim.run(
    tunnel(estate.client, { ...PROXY, ...credentials }, host, port).then(
      (conn) => {
        conn.destroy()
        return '200'
      },
      (error: { status: number; reason: string }) => `${error.status} ${error.reason}`,
    ),
  )
}

/** A client and a cloud end of one tunnel. */
async function openTunnel(estate: Estate): Promise<{ near: Conn; far: Conn }> {
  let far: Conn | undefined
  await estate.sim.run(estate.cloud.net.listen({ port: 443 }, (conn) => (far = conn)))
  const near = await estate.sim.run(tunnel(estate.client, PROXY, API, 443))
  await estate.sim.advance(1)
  for (const conn of [near, far!]) conn.on('error', () => {})
  return { near, far: far! }
}

function textOf(conn: Conn): { text: string; ended: boolean } {
  const seen = { text: '', ended: false }
  conn.on('data', (chunk: Buffer) => (seen.text += chunk.toString()))
  conn.on('end', () => (seen.ended = true))
  return seen
}

/** Sends raw text to the proxy and gives what comes back until the connection ends. */
async function raw(estate: Estate, text: string): Promise<string> {
  const conn = await estate.sim.run(estate.client.net.dial({ address: ADDRESSES.proxy, port: PROXY_PORT }))
  const seen = textOf(conn)
  conn.write(text)
  await estate.sim.advance(200_000)
  conn.destroy()
  return seen.text
}

describe('CONNECT', () => {
  test('carries bytes both ways, also many of them', async () => {
    await using estate = await startEstate()
    const { near, far } = await openTunnel(estate)
    const [client, cloud] = [textOf(near), textOf(far)]
    near.write('hello')
    far.write('x'.repeat(1_000_000))
    await estate.sim.advance(1)
    expect(cloud.text).toBe('hello')
    expect(client.text).toHaveLength(1_000_000)
  })

  test('lets one side end and the other go on', async () => {
    await using estate = await startEstate()
    const { near, far } = await openTunnel(estate)
    const [client, cloud] = [textOf(near), textOf(far)]
    near.end('last words')
    await estate.sim.advance(1)
    expect(cloud).toMatchObject({ text: 'last words', ended: true })
    far.write('still here')
    await estate.sim.advance(1)
    expect(client).toMatchObject({ text: 'still here', ended: false })
    far.end()
    await estate.sim.advance(1)
    expect(client.ended).toBe(true)
  })

  test.each(['near', 'far'] as const)('ends both sides when the %s one breaks off', async (which) => {
    await using estate = await startEstate()
    const ends = await openTunnel(estate)
    const other = textOf(which === 'near' ? ends.far : ends.near)
    ends[which].resetAndDestroy()
    await estate.sim.advance(1)
    expect(other.ended).toBe(true)
    const rows = await estate.sim.run(estate.proxyWorld.net.sockets())
    expect(rows.filter((row) => row.protocol === 'tcp' && row.state !== 'LISTEN')).toEqual([])
  })

  test('sends on what comes in one piece with the request', async () => {
    await using estate = await startEstate()
    await estate.sim.run(estate.cloud.net.listen({ port: 443 }, (conn) => conn.pipe(conn)))
    expect(await raw(estate, `CONNECT ${API}:443 HTTP/1.1\r\nHost: ${API}:443\r\n\r\nearly`)).toBe(
      'HTTP/1.1 200 Connection established\r\n\r\nearly',
    )
  })

  test('says 502 for a name that does not exist or a port that is closed, 504 for silence', async () => {
    await using estate = await startEstate()
    expect(await connect(estate, 'nowhere.example', 443)).toBe('502 Bad Gateway')
    expect(await connect(estate, API, 444)).toBe('502 Bad Gateway')
    await estate.admin(estate.gateway, 'POST', '/v1/rules', { action: 'drop', to: [API] })
    const before = estate.sim.clock.now()
    expect(await connect(estate, API, 443)).toBe('504 Gateway Timeout')
    expect(estate.sim.clock.now() - before).toBe(60_000)
    await estate.admin(estate.dns, 'POST', '/v1/overrides', { answer: 'silence' })
    expect(await connect(estate, API, 443)).toBe('504 Gateway Timeout')
  })

  test('wants the credentials that are set, and no others', async () => {
    await using estate = await startEstate({ settings: WITH_PASSWORD })
    await estate.sim.run(estate.cloud.net.listen({ port: 443 }, () => {}))
    expect(await connect(estate, API, 443)).toBe('407 Proxy Authentication Required')
    expect(await connect(estate, API, 443, { user: 'lab', password: 'pw' })).toBe('407 Proxy Authentication Required')
    expect(await connect(estate, API, 443, { user: 'lab', password: 'p:w' })).toBe('200')
    expect(await raw(estate, `CONNECT ${API}:443 HTTP/1.1\r\nProxy-Authorization: Negotiate x\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n/,
    )
    expect((await estate.admin(estate.proxy, 'PUT', '/v1/settings', { authentication: null, deny: [] })).status).toBe(200)
    expect(await connect(estate, API, 443)).toBe('200')
  })

  test('refuses denied names', async () => {
    await using estate = await startEstate({ settings: { authentication: null, deny: ['*.SSE.itd.cisco.com', API] } })
    await estate.sim.run(estate.cloud.net.listen({ port: 443 }, () => {}))
    expect(await connect(estate, 'mx01.sse.itd.cisco.com', 443)).toBe('403 Forbidden')
    expect(await connect(estate, API.toUpperCase(), 443)).toBe('403 Forbidden')
    expect(await connect(estate, 'est.sco.cisco.com', 443)).toBe('200')
  })

  test('refuses what is no target, and stops trying when the client is gone', async () => {
    await using estate = await startEstate()
    expect(await raw(estate, 'CONNECT nonsense HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(await raw(estate, 'CONNECT a:99999 HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    await estate.admin(estate.gateway, 'POST', '/v1/rules', { action: 'drop', to: [API] })
    const conn = await estate.sim.run(estate.client.net.dial({ address: ADDRESSES.proxy, port: PROXY_PORT }))
    conn.write(`CONNECT ${API}:443 HTTP/1.1\r\nHost: x\r\n\r\n`)
    await estate.sim.advance(1_000)
    conn.resetAndDestroy()
    await estate.sim.advance(1_000)
    expect(await estate.sim.run(estate.proxy.health())).toMatchObject({ healthy: true })
  })
})

describe('a slow proxy', () => {
  const slow = (delayMs: number) => ({ authentication: null, deny: [], delayMs })
  const nowOf = (estate: Estate) => estate.sim.clock.uptimeMs()

  test('lets a request wait, and everything that passes, in each direction and in order', async () => {
    await using estate = await startEstate({ settings: slow(1_000) })
    const { near, far } = await openTunnel(estate)
    expect(nowOf(estate)).toBeLessThan(1_010)
    const heard: string[] = []
    far.on('data', (data: Buffer) => heard.push(`${String(data)}@${nowOf(estate)}`))
    far.on('end', () => heard.push(`end@${nowOf(estate)}`))
    const startMs = nowOf(estate)
    near.write('a')
    await estate.sim.advance(400)
    near.write('b')
    near.end()
    await estate.sim.advance(5_000)
    expect(heard).toEqual([`a@${startMs + 1_000}`, `b@${startMs + 1_400}`, `end@${startMs + 1_400}`])
    const answer = textOf(near)
    far.end('answer')
    await estate.sim.advance(999)
    expect(answer.text).toBe('')
    await estate.sim.advance(1)
    expect(answer).toEqual({ text: 'answer', ended: true })
  })

  test('becomes slow and quick again on tunnels that exist; nothing overtakes what is held back', async () => {
    await using estate = await startEstate()
    const { near, far } = await openTunnel(estate)
    const cloud = textOf(far)
    await estate.admin(estate.proxy, 'PUT', '/v1/settings', slow(5_000))
    near.write('slow ')
    await estate.sim.advance(1_000)
    await estate.admin(estate.proxy, 'PUT', '/v1/settings', slow(0))
    near.write('quick')
    await estate.sim.advance(3_900)
    expect(cloud.text).toBe('')
    await estate.sim.advance(200)
    expect(cloud.text).toBe('slow quick')
    near.write('!')
    await estate.sim.advance(1)
    expect(cloud.text).toBe('slow quick!')
  })

  test('holds back only so much: a writer that is quicker waits', async () => {
    await using estate = await startEstate()
    const { near, far } = await openTunnel(estate)
    await estate.admin(estate.proxy, 'PUT', '/v1/settings', slow(10_000))
    const cloud = textOf(far)
    let written = 0
    for (let i = 0; i < 100; i++) near.write('x'.repeat(65_536), () => written++)
    await estate.sim.advance(9_000)
    expect(written).toBeLessThan(30)
    await estate.sim.advance(120_000)
    expect(cloud.text).toHaveLength(100 * 65_536)
  })

  test('passes a break on at once, and keeps nothing of what it held back', async () => {
    await using estate = await startEstate({ settings: slow(5_000) })
    const { near, far } = await openTunnel(estate)
    const cloud = textOf(far)
    near.write('lost')
    await estate.sim.advance(100)
    near.resetAndDestroy()
    await estate.sim.advance(10)
    expect(cloud).toEqual({ text: '', ended: true })
    // Nothing is left that could happen.
    expect(estate.sim.clock.nextAt()).toBeUndefined()
  })

  test('lets a plain request and its answer wait, and refuses late', async () => {
    await using estate = await startEstate({ settings: { ...slow(2_000), deny: ['denied.example'] } })
    await estate.sim.run(serveHttp(estate.cloud, { port: 80, handler: (_, response) => void response.end('from the cloud') }))
    const conn = await estate.sim.run(estate.client.net.dial({ address: ADDRESSES.proxy, port: PROXY_PORT }))
    const seen = textOf(conn)
    conn.write(`GET http://${API}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
    await estate.sim.advance(3_990)
    expect(seen.text).toBe('')
    await estate.sim.advance(20)
    expect(seen.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*from the cloud/)
    const startMs = nowOf(estate)
    expect(await connect(estate, 'denied.example', 443)).toBe('403 Forbidden')
    expect(nowOf(estate) - startMs).toBe(2_000)
  })
})

describe('plain HTTP', () => {
  const forward = (estate: Estate, method: string, url: string, extra = '', body = '') =>
    raw(estate, `${method} ${url} HTTP/1.1\r\nHost: ignored\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n${extra}\r\n${body}`)

  async function cloudWeb(estate: Estate) {
    const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
    await estate.sim.run(
      serveHttp(estate.cloud, {
        port: 80,
        handler: (incoming, response) => {
          let body = ''
          incoming.on('data', (chunk: Buffer) => (body += chunk.toString()))
          incoming.on('end', () => {
            seen.push({ method: incoming.method!, url: incoming.url!, headers: incoming.headers, body })
            response.setHeader('X-Origin', 'yes').end('from the cloud')
          })
        },
      }),
    )
    return seen
  }

  test('is asked for and handed on, without the headers between neighbours', async () => {
    await using estate = await startEstate()
    const seen = await cloudWeb(estate)
    const answer = await forward(
      estate,
      'POST',
      `http://${API}/a?b=c`,
      'Content-Length: 4\r\nX-Kept: 1\r\nProxy-Authorization: Basic eA==\r\n',
      'body',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toContain('X-Origin: yes\r\n')
    expect(answer).toContain('from the cloud')
    expect(seen).toMatchObject([{ method: 'POST', url: '/a?b=c', body: 'body' }])
    expect(seen[0]!.headers).toEqual({ host: API, connection: 'close', 'x-kept': '1', 'content-length': '4', via: '1.1 proxy' })
  })

  test('is refused like CONNECT is', async () => {
    await using estate = await startEstate({ settings: { ...WITH_PASSWORD, deny: ['mx01.sse.itd.cisco.com'] } })
    const granted = `Proxy-Authorization: Basic ${Buffer.from('lab:p:w').toString('base64')}\r\n`
    expect(await forward(estate, 'GET', `http://${API}/`)).toMatch(/^HTTP\/1\.1 407 Proxy Authentication Required\r\n/)
    expect(await forward(estate, 'GET', 'http://mx01.sse.itd.cisco.com/', granted)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(await forward(estate, 'GET', 'http://nowhere.example/', granted)).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
    expect(await forward(estate, 'GET', `http://${API}:81/`, granted)).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
    expect(await forward(estate, 'GET', '/', granted)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(await forward(estate, 'GET', `https://${API}/`, granted)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  test('breaks off when the cloud does', async () => {
    await using estate = await startEstate()
    await estate.sim.run(
      estate.cloud.net.listen({ port: 80 }, (conn) => {
        conn.on('error', () => {})
        conn.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')
        estate.cloud.clock.after(1_000, () => conn.resetAndDestroy())
      }),
    )
    expect(await forward(estate, 'GET', `http://${API}/`)).toMatch(/part$/)
    expect(await estate.sim.run(estate.proxy.health())).toMatchObject({ healthy: true })
  })
})

test('the administrator reads and sets what the proxy does', async () => {
  await using estate = await startEstate()
  expect(await estate.admin(estate.proxy, 'GET', '/v1/settings')).toEqual({ status: 200, body: { authentication: null, deny: [] } })
  expect(await estate.admin(estate.proxy, 'PUT', '/v1/settings', { authentication: { user: '' }, deny: [] })).toMatchObject({ status: 400 })
  expect((await estate.admin(estate.proxy, 'PUT', '/v1/settings', WITH_PASSWORD)).body).toEqual(WITH_PASSWORD)
  expect((await estate.admin(estate.proxy, 'GET', '/v1/settings')).body).toEqual(WITH_PASSWORD)
})
