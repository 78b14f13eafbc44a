import { expect, test } from 'vitest'
import type { Conn } from '../../../shared/kernel/net.ts'
import { goDialError } from '../../../shared/wire/go-errors.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { askConnect, tunnel } from '../../../shared/wire/http/connect.ts'
import { serveHttp } from '../../../shared/wire/http/server.ts'
import { startDeadline } from '../../../shared/wire/deadline.ts'
import { CLOUD_TLS } from '../../../shared/wire/tls/server.ts'
import { CLOUD, createWireLab, pki, PROXY } from './wire-lab.ts'

const NAME = 'api-sse.cisco.com'
const proxy = { host: PROXY, port: 3128 }
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

/** A proxy that does what the test says with the text of a CONNECT. */
async function lab(answer: (conn: Conn, head: string) => void) {
  const made = await createWireLab()
  await made.proxy.net.listen({ port: 3128 }, (conn) => {
    conn.on('error', () => {})
    conn.once('data', (head: Buffer) => answer(conn, head.toString()))
  })
  return made
}

test('a request goes through CONNECT; the proxy gets the name and the credentials', async () => {
  let asked = ''
  const made = await lab((conn, head) => {
    asked = head
    void made.proxy.net.dial({ address: CLOUD, port: 443 }).then((far) => {
      conn.write('HTTP/1.1 200 Connection established\r\n')
      conn.write('Via: 1.1 proxy\r\n\r\n')
      conn.pipe(far).pipe(conn)
    })
  })
  const identity = pki.issue({ commonName: NAME })
  await serveHttp(made.cloud, {
    port: 443,
    handler: (_incoming, response) => response.end('through'),
    tls: { ...CLOUD_TLS, identity: () => identity },
  })
  const response = await made.sim.run(
    request(made.client, { url: `https://${NAME}/x`, ca: pki.rootPem, proxy: { ...proxy, user: 'u', password: 'p' } }),
  )
  expect(response.body.toString()).toBe('through')
  expect(asked).toBe(`CONNECT ${NAME}:443 HTTP/1.1\r\nHost: ${NAME}:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n`)
})

test('a refusal gives the reason phrase, as Go prints it', async () => {
  const { sim, client } = await lab((conn) =>
    conn.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 4\r\n\r\nnope'),
  )
  const error = await sim.run(failure(tunnel(client, proxy, NAME, 443)))
  expect(error).toMatchObject({ status: 407, reason: 'Proxy Authentication Required' })
  expect(goDialError(error)).toBe('Proxy Authentication Required')
})

test('what the proxy answered can be read whole, and what follows stays in the connection', async () => {
  const { sim, client } = await lab((conn) => conn.write('HTTP/1.0 200 OK\r\nVia: a: b\r\n\r\n220 hello'))
  const [answer, rest] = await sim.run(async () => {
    const conn = await client.net.dial({ address: PROXY, port: 3128 })
    const head = await askConnect(conn, proxy, NAME, 25, { headers: [['User-Agent', 'curl/7.44.0']] })
    return [head, await new Promise((resolve) => conn.once('data', (data: Buffer) => resolve(data.toString())))]
  })
  expect(answer).toEqual({ httpVersion: '1.0', status: 200, reason: 'OK', headers: [['Via', 'a: b']] })
  expect(rest).toBe('220 hello')
})

test('a proxy that closes, resets, talks nonsense or refuses connections is told apart', async () => {
  const texts = []
  for (const answer of [
    (conn: Conn) => conn.end(),
    (conn: Conn) => conn.resetAndDestroy(),
    (conn: Conn) => conn.end('SSH-2.0-OpenSSH\r\n\r\n'),
    (conn: Conn) => conn.end('x'.repeat(100_000)),
  ]) {
    const { sim, client } = await lab(answer)
    texts.push(goDialError(await sim.run(failure(tunnel(client, proxy, NAME, 443)))))
    expect((await client.net.sockets()).filter((row) => row.protocol === 'tcp')).toEqual([])
  }
  const { sim, client } = await createWireLab()
  texts.push(goDialError(await sim.run(failure(tunnel(client, proxy, NAME, 443)))))
  expect(texts).toEqual([
    'unexpected EOF',
    expect.stringMatching(/^read tcp 192\.0\.2\.27:\d+->192\.0\.2\.80:3128: read: connection reset by peer$/),
    'malformed HTTP response "SSH-2.0-OpenSSH"',
    `malformed HTTP response "${'x'.repeat(80)}"`,
    'dial tcp 192.0.2.80:3128: getsockopt: connection refused',
  ])
})

test('a silent proxy is given up when the deadline passes', async () => {
  const { sim, client } = await lab(() => {})
  using deadline = startDeadline(client.clock, 30_000)
  expect(await sim.run(failure(tunnel(client, proxy, NAME, 443, { signal: deadline.signal })))).toMatchObject({ code: 'EDEADLINE' })
  expect(client.clock.uptimeMs()).toBe(30_000)
})
