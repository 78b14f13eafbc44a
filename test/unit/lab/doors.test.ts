import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openConnectDoor } from '../../../services/lab/doors/connect.ts'
import { openForwardDoor, type Dial } from '../../../services/lab/doors/forward.ts'
import { assertFree, listen } from '../../../services/lab/doors/listen.ts'
import { planDoors, portsOf } from '../../../services/lab/doors/plan.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import type { Log } from '../../../shared/kernel/log.ts'

const log: Log = { child: () => log, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const free = { what: 'a test', port: 0 }
let open: AsyncDisposableStack

beforeEach(() => void (open = new AsyncDisposableStack()))
afterEach(() => open.disposeAsync())

/** A server that stands for a lab host. */
async function host(server: Server): Promise<Dial> {
  const { port } = open.use(await listen(server, free))
  return (name) =>
    name === 'host'
      ? new Promise((resolve) => {
          const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => resolve(socket))
        })
      : Promise.reject(new LabError('LAB_NO_SUCH_HOST', `the lab has no host ${name}; it has host`))
}
const echo = () => createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
const connectTo = (port: number) => connect({ port, host: '127.0.0.1', allowHalfOpen: true })

describe('a forward door', () => {
  const forward = async (dial: Dial, name = 'host') => open.use(await openForwardDoor(free, { host: name, port: 1 }, dial, log))

  test('passes both ways, and a half-closed side still hears the other', async () => {
    const { port } = await forward(await host(echo()))
    const socket = connectTo(port)
    socket.end('hello')
    expect(await text(socket)).toBe('hello')
  })

  test('passes much more than fits in between', async () => {
    const { port } = await forward(await host(echo()))
    const socket = connectTo(port)
    const much = Buffer.alloc(8 * 1024 * 1024, 'abcdefg')
    socket.end(much)
    expect((await text(socket)) === much.toString()).toBe(true)
  })

  test('a reset of the host is a reset of the caller', async () => {
    const { port } = await forward(await host(createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))))
    const socket = connectTo(port)
    socket.write('x')
    await expect(new Promise((_, reject) => socket.once('error', reject))).rejects.toThrow('ECONNRESET')
  })

  test('a reset of the caller is a reset of the host', async () => {
    const { promise, reject } = Promise.withResolvers()
    const { port } = await forward(await host(createServer((inside) => inside.on('error', reject).resume().write('go'))))
    const socket = connectTo(port)
    socket.once('data', () => socket.resetAndDestroy())
    await expect(promise).rejects.toThrow('ECONNRESET')
  })

  test('a host that does not answer resets the caller', async () => {
    const { port } = await forward(() => Promise.reject(new Error('connect ETIMEDOUT 192.0.2.20:443')))
    const socket = connectTo(port)
    await expect(new Promise((_, reject) => socket.once('error', reject))).rejects.toThrow('ECONNRESET')
  })
})

describe('the CONNECT door', () => {
  const say = async (port: number, words: string) => {
    const socket = connectTo(port)
    socket.end(words)
    return text(socket)
  }

  test('tunnels to a host of the lab, also what was sent with the request', async () => {
    const { port } = open.use(await openConnectDoor(free, await host(echo()), log))
    expect(await say(port, 'CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\nhello')).toBe(
      'HTTP/1.1 200 Connection established\r\n\r\nhello',
    )
  })

  test('what the lab does not have is answered with a sentence', async () => {
    const { port } = open.use(await openConnectDoor(free, await host(echo()), log))
    const answer = await say(port, 'CONNECT www.cisco.com:443 HTTP/1.1\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/)
    expect(answer).toContain('the lab has no host www.cisco.com')
  })

  test.each(['host', 'host:0', 'host:99999', 'a b:1', 'http://host:1', '[::1]:443'])('%s is nothing to connect to', async (target) => {
    const { port } = open.use(await openConnectDoor(free, () => Promise.reject(new Error('dialled')), log))
    expect(await say(port, `CONNECT ${target} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  test('what is no HTTP is answered with 400', async () => {
    const { port } = open.use(await openConnectDoor(free, () => Promise.reject(new Error('dialled')), log))
    expect(await say(port, '\x16\x03\x01 hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('forwards plain HTTP without what was meant for the door', async () => {
    const server = createHttpServer((incoming, response) => {
      void text(incoming).then((body) =>
        response
          .writeHead(201, { 'x-own': 'yes' })
          .end(JSON.stringify({ method: incoming.method, url: incoming.url, headers: incoming.headers, body })),
      )
    })
    const { port } = open.use(await openConnectDoor(free, await host(server), log))
    const answer = await new Promise<{ status: number; own: unknown; body: string }>((resolve, reject) => {
      const asked = request({
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: 'http://host/path?q=1',
        headers: { host: 'host', 'proxy-authorization': 'secret', 'x-kept': 'yes' },
        agent: false,
      })
      asked.on('error', reject)
      asked.on(
        'response',
        (response) => void text(response).then((body) => resolve({ status: response.statusCode!, own: response.headers['x-own'], body })),
      )
      asked.end('body')
    })
    expect(answer).toMatchObject({ status: 201, own: 'yes' })
    const seen = JSON.parse(answer.body) as { headers: Record<string, string> }
    expect(seen).toMatchObject({ method: 'POST', url: '/path?q=1', body: 'body', headers: { host: 'host', 'x-kept': 'yes' } })
    expect(seen.headers).not.toHaveProperty('proxy-authorization')
  })

  test('is no web server', async () => {
    const { port } = open.use(await openConnectDoor(free, () => Promise.reject(new Error('dialled')), log))
    expect(await say(port, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')).toContain(
      'this is an HTTP proxy to the hosts of the lab',
    )
  })
})

const numbers = (base?: number) => portsOf(planDoors({ base, ftds: ['ftd1', 'ftd2'] })).map(({ port }) => port)

describe('ports', () => {
  test('are fixed, or count from a base, or are free ones', () => {
    expect(numbers()).toEqual([8080, 8443, 8089, 2200, 2201, 2202])
    expect(numbers(9000)).toEqual([9000, 9001, 9002, 9010, 9011, 9012])
    expect(numbers(0)).toEqual([0, 0, 0, 0, 0, 0])
    expect(() => numbers(65_530)).toThrow('--port 65530 with 2 FTDs needs ports up to 65542; choose a base of at most 65523')
  })

  test('one that is in use is named with the option that moves it, and keeps no other', async () => {
    const { port } = open.use(await listen(createServer(), free))
    await expect(assertFree([{ what: 'the console', port }])).rejects.toMatchObject({
      code: 'LAB_PORT_IN_USE',
      message: `port ${port} for the console is in use by another program; choose other ports with --port N, or --port 0 for free ones`,
    })
  })

  test('closing destroys what is connected', async () => {
    const listening = await listen(createServer(), free)
    const socket = connectTo((listening as { port: AddressInfo['port'] }).port)
    await new Promise((resolve) => socket.once('connect', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {}).resume()
    await listening[Symbol.asyncDispose]()
    socket.destroy()
    await closed
  })
})
