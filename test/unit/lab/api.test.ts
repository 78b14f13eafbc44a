import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildApi, openApi } from '../../../services/lab/api/server.ts'
import type { EventPage, Status } from '../../../services/lab/api/schemas.ts'
import type { OperatedLab } from '../../../services/lab/operated-lab.ts'
import type { Log } from '../../../shared/kernel/log.ts'
import { simAsEmbedded } from './embedded-like.ts'

const logged: unknown[] = []
const log: Log = {
  child: () => log,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (event, fields) => void logged.push([event, fields]),
}
const token = 'a-token-of-some-length'
let lab: OperatedLab
let app: FastifyInstance
let ended = 0

beforeAll(async () => {
  lab = await simAsEmbedded()
  const context = { lab, token, log, doors: { fmc: 1, connect: 2, ssh: { ftd1: 3 } }, end: () => void ended++ }
  app = await buildApi(context, () => 4)
})
afterAll(async () => {
  await app?.close()
  await lab?.[Symbol.asyncDispose]()
})

interface Answer<T> {
  readonly status: number
  readonly body: T
}

async function ask<T = unknown>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object | string,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await app.inject({
    method,
    url,
    headers: {
      host: '127.0.0.1:8080',
      authorization: `Bearer ${token}`,
      ...(typeof payload === 'string' && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload !== undefined && { payload }),
  })
  return { status: response.statusCode, body: response.body === '' ? null : JSON.parse(response.body) }
}
const refusal = (code: string, message: RegExp | string) => ({
  error: { code, message: typeof message === 'string' ? message : expect.stringMatching(message) },
})

describe('who may do what', () => {
  test('reading needs no token, changing does', async () => {
    const headers = { authorization: '' }
    expect((await ask('GET', '/api/faults', undefined, headers)).status).toBe(200)
    expect((await ask('POST', '/api/faults/explain', { kind: 'fmc.cloud-off' }, headers)).status).toBe(200)
    for (const [method, url] of [
      ['POST', '/api/faults'],
      ['DELETE', '/api/faults/f1'],
      ['POST', '/api/hosts/ftd1/exec'],
      ['PUT', '/api/clock'],
      ['POST', '/api/shutdown'],
    ] as const) {
      for (const authorization of ['', 'Bearer wrong', `Basic ${token}`]) {
        expect(await ask(method, url, {}, { authorization })).toMatchObject({
          status: 401,
          body: refusal('LAB_UNAUTHORIZED', /token in lab\.json/),
        })
      }
    }
    expect(ended).toBe(0)
  })

  test.each(['evil.example', 'evil.example:8080', '192.0.2.1', '127.0.0.1.evil.example'])(
    'a page that calls itself %j gets nothing',
    async (host) => {
      expect(await ask('GET', '/api/status', undefined, { host })).toMatchObject({
        status: 401,
        body: refusal('LAB_UNAUTHORIZED', /answers on 127\.0\.0\.1/),
      })
    },
  )

  test.each(['127.0.0.1', 'localhost:8080', '[::1]:8080', 'LOCALHOST'])('%s is loopback', async (host) => {
    expect((await ask('GET', '/api/clock', undefined, { host })).status).toBe(200)
  })
})

test('status says how hosts, clock and events are', async () => {
  const { status, body } = await ask<Status>('GET', '/api/status')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    healthy: true,
    clock: { now: lab.now(), speed: 10, paused: false },
    region: 'us',
    faults: 0,
    doors: { console: 4, fmc: 1, connect: 2, ssh: { ftd1: 3 } },
  })
  expect(body.hosts.map(({ name }) => name)).toEqual(['dns', 'gateway', 'proxy', 'sse', 'fmc', 'ftd1', 'ftd2'])
  expect(body.hosts.find(({ name }) => name === 'ftd1')!.processes).toContainEqual(
    expect.objectContaining({ name: 'SSEConnector', state: 'Running' }),
  )
  expect(body.events).toEqual(
    ['ftd1', 'ftd2'].map((device) => ({ device, stored: expect.any(Number), waiting: expect.any(Number), lost: 0, repeated: 0 })),
  )
  expect(body.events[0]!.stored).toBeGreaterThan(0)
})

test('a cloud that does not answer shows no events, and the rest of the status is as ever', async () => {
  const fault = await ask<{ id: string }>('POST', '/api/faults', { kind: 'cloud.unavailable', role: 'api' })
  const { status, body } = await ask<Status>('GET', '/api/status')
  expect([status, body.events, body.faults, body.hosts.length]).toEqual([200, [], 1, 7])
  expect(await ask('GET', '/api/events')).toMatchObject({
    status: 500,
    body: { error: { code: 'LAB_STATE_BROKEN', message: expect.stringMatching(/^the cloud answered 503 to \S+ \S+$/) } },
  })
  await ask('DELETE', `/api/faults/${fault.body.id}`)
  expect((await ask<Status>('GET', '/api/status')).body.events).toHaveLength(2)
})

test('one host; one that is not there is answered with those that are', async () => {
  expect((await ask('GET', '/api/hosts/fmc')).body).toMatchObject({ name: 'fmc', kind: 'fmc', address: '192.0.2.20' })
  expect(await ask('GET', '/api/hosts/ftd9')).toMatchObject({
    status: 404,
    body: refusal('LAB_NO_SUCH_HOST', 'there is no host named ftd9; the hosts are dns, gateway, proxy, sse, fmc, ftd1, ftd2'),
  })
})

// In virtual time nothing can come in between: these commands last until they are interrupted.
const endless: OperatedLab['exec'] = (_host, _command, options) =>
  new Promise((resolve) =>
    options!.signal!.addEventListener('abort', () => resolve({ exitCode: 130, output: '^C', stdout: '^C', stderr: '' })),
  )

describe('exec', () => {
  test('gives both streams and the exit code', async () => {
    expect((await ask('POST', '/api/hosts/ftd1/exec', { command: 'echo out; ls /nowhere', shell: 'root' })).body).toMatchObject({
      exitCode: 2,
      stdout: 'out\n',
      stderr: expect.stringContaining('/nowhere'),
    })
  })

  test('input is typed at prompts', async () => {
    expect((await ask('POST', '/api/hosts/ftd1/exec', { command: 'cat', shell: 'root', input: 'typed\n' })).body).toMatchObject({
      stdout: 'typed\n',
    })
  })

  test('asks for the two streams apart where that is wished', async () => {
    const wishes: unknown[] = []
    const exec: OperatedLab['exec'] = async (_host, _command, options) => {
      wishes.push(options?.apart)
      return { exitCode: 0, output: '', stdout: '', stderr: '' }
    }
    const context = { lab: { ...lab, exec }, token, log, doors: { fmc: 1, connect: 2, ssh: {} }, end: () => {} }
    await using other = await openApi(context, { what: 'a test', port: 0 })
    for (const body of [{ command: 'id' }, { command: 'id', apart: true }])
      await fetch(`http://127.0.0.1:${other.port}/api/hosts/ftd1/exec`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect(wishes).toEqual([false, true])
  })

  test('is interrupted by its id or by hanging up, and answers with what it printed', async () => {
    const context = { lab: { ...lab, exec: endless }, token, log, doors: { fmc: 1, connect: 2, ssh: {} }, end: () => {} }
    await using other = await openApi(context, { what: 'a test', port: 0 })
    const url = `http://127.0.0.1:${other.port}/api`
    const headers = { authorization: `Bearer ${token}` }
    const start = (id: string, signal?: AbortSignal) =>
      fetch(`${url}/hosts/ftd1/exec`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ command: 'ping', id }),
        ...(signal && { signal }),
      })
    const stop = async (id: string) => (await fetch(`${url}/executions/${id}`, { method: 'DELETE', headers })).status
    const running = start('mine')
    await expect.poll(() => stop('mine')).toBe(204)
    expect(await (await running).json()).toMatchObject({ exitCode: 130, output: '^C' })
    expect(await stop('mine')).toBe(400)

    const hangUp = new AbortController()
    const left = start('left', hangUp.signal)
    const twin = async () => ((await (await start('left')).json()) as { error?: { message: string } }).error?.message
    await expect.poll(twin).toBe('a command with the id left is running')
    hangUp.abort()
    await expect(left).rejects.toThrow('abort')
    await expect.poll(() => stop('left')).toBe(400)
  })

  test.each([
    ['ftd9', { command: 'ls' }, 404, refusal('LAB_NO_SUCH_HOST', /^there is no host named ftd9/)],
    ['dns', { command: 'ls' }, 404, refusal('LAB_NO_SUCH_HOST', /^dns has no shell; hosts with one are/)],
    ['ftd1', {}, 400, refusal('LAB_BAD_INPUT', /^command: /)],
    ['ftd1', { command: 'ls', shell: 'zsh' }, 400, refusal('LAB_BAD_INPUT', /^shell: .*"clish"\|"expert"\|"root"/)],
    ['ftd1', '{"command"', 400, refusal('LAB_BAD_INPUT', /JSON/)],
  ])('on %s with %j', async (host, body, status, refused) => {
    expect(await ask('POST', `/api/hosts/${host}/exec`, body)).toMatchObject({ status, body: refused })
  })
})

describe('faults', () => {
  test('are added, listed and taken back', async () => {
    const fault = { kind: 'device.dns', host: 'ftd2', servers: ['192.0.2.10'] }
    const added = await ask<{ id: string; explanation: string }>('POST', '/api/faults', fault)
    expect(added).toMatchObject({ status: 201, body: { fault, explanation: expect.stringContaining('192.0.2.10') } })
    expect((await ask('GET', '/api/faults')).body).toEqual([added.body])
    expect((await ask('POST', '/api/hosts/ftd2/exec', { command: 'show network' })).body).toMatchObject({
      output: expect.stringContaining('192.0.2.10'),
    })
    expect((await ask('DELETE', `/api/faults/${added.body.id}`)).status).toBe(204)
    expect((await ask('GET', '/api/faults')).body).toEqual([])
    expect(await ask('DELETE', `/api/faults/${added.body.id}`)).toMatchObject({
      status: 404,
      body: refusal('LAB_NO_SUCH_FAULT', /none is active/),
    })
  })

  test.each([
    [{ kind: 'dns.noanswer' }, /did you mean dns\.no-answer\?/],
    [{ kind: 'device.dns', host: 'ftd1' }, /the parameter servers is missing/],
    [{ kind: 'device.dns', host: 'ftd1', servers: ['nonsense'] }, /^device\.dns: servers\.0: /],
    ['[]', /not a list/],
    ['3', /not number/],
  ])('%j is refused in a sentence', async (fault, message) => {
    expect(await ask('POST', '/api/faults', fault)).toMatchObject({ status: 400, body: refusal('LAB_BAD_INPUT', message) })
  })

  test('kinds say what they take', async () => {
    expect((await ask('GET', '/api/fault-kinds/device.dns')).body).toMatchObject({
      kind: 'device.dns',
      parameters: [{ name: 'host', required: true }, { name: 'servers' }],
    })
    expect((await ask<unknown[]>('GET', '/api/fault-kinds')).body.length).toBeGreaterThan(5)
  })
})

const event = (FileName: string) => ({ type: 'file', id: 430004, time: 1, fields: { FileName } })

describe('events', () => {
  test('that are sent are in the cloud soon, each once, page by page', async () => {
    expect((await ask('POST', '/api/hosts/ftd2/events', { events: ['a', 'b', 'c'].map(event) })).body).toEqual({ sent: 3 })
    expect((await ask('POST', '/api/hosts/ftd2/events', { type: 'malware', count: 2 })).body).toEqual({ sent: 2 })
    await ask('POST', '/api/clock/advance', { duration: '1m' })
    const first = (await ask<EventPage>('GET', '/api/events?device=ftd2&type=file&limit=2')).body
    expect(first.items).toMatchObject([
      { device: 'ftd2', ...event('a') },
      { device: 'ftd2', ...event('b') },
    ])
    const rest = (await ask<EventPage>('GET', `/api/events?device=ftd2&type=file&limit=2&after=${first.next}`)).body
    expect(rest.items).toMatchObject([event('c')])
    expect(rest.next).toBeUndefined()
    expect((await ask<EventPage>('GET', '/api/events?type=malware')).body.items).toHaveLength(2)
  })

  test.each([
    [
      'POST',
      '/api/hosts/fmc/events',
      { type: 'file' },
      404,
      refusal('LAB_NO_SUCH_HOST', /^there is no FTD named fmc; the FTDs are ftd1, ftd2/),
    ],
    ['POST', '/api/hosts/ftd1/events', { type: 'fire' }, 400, refusal('LAB_BAD_INPUT', /./)],
    ['GET', '/api/events?device=ftd9', undefined, 404, refusal('LAB_NO_SUCH_HOST', /the FTDs are ftd1, ftd2/)],
    ['GET', '/api/events?limit=0', undefined, 400, refusal('LAB_BAD_INPUT', /^limit: /)],
    ['GET', '/api/events?after=x', undefined, 400, refusal('LAB_BAD_INPUT', /^after: /)],
  ] as const)('%s %s %j is refused', async (method, url, body, status, refused) => {
    expect(await ask(method, url, body)).toMatchObject({ status, body: refused })
  })

  test('devices have the UUIDs that their events carry', async () => {
    const devices = (await ask<{ name: string; uuid: string }[]>('GET', '/api/devices')).body
    const [event] = (await ask<EventPage>('GET', '/api/events?device=ftd1&limit=1')).body.items
    expect(devices.find(({ name }) => name === 'ftd1')!.uuid).toBe(event!.fields['DeviceUUID'])
  })
})

test('the clock is changed and pushed on', async () => {
  const before = lab.now()
  expect((await ask('PUT', '/api/clock', { speed: 50, paused: true })).body).toMatchObject({ speed: 50, paused: true })
  expect((await ask('PUT', '/api/clock', { paused: false })).body).toMatchObject({ speed: 50, paused: false })
  expect((await ask<{ now: number }>('POST', '/api/clock/advance', { duration: '90s' })).body.now).toBeGreaterThanOrEqual(before + 90_000)
  expect(await ask('PUT', '/api/clock', { speed: 0 })).toMatchObject({ status: 400 })
  expect(await ask('POST', '/api/clock/advance', { duration: 'soon' })).toMatchObject({
    status: 400,
    body: refusal('LAB_BAD_INPUT', /250ms, 10s, 5m, 2h/),
  })
})

test('scenarios are listed, and found by id or codename', async () => {
  const [first] = (await ask<{ id: string; codename: string }[]>('GET', '/api/scenarios')).body
  expect((await ask('GET', `/api/scenarios/${first!.codename}`)).body).toMatchObject({ id: first!.id })
  expect(await ask('GET', '/api/scenarios/none')).toMatchObject({ status: 404, body: refusal('LAB_NO_SUCH_SCENARIO', /the scenarios are/) })
})

test('OpenAPI describes every operation, with the faults as they are', async () => {
  const { body } = await ask<{ openapi: string; paths: Record<string, Record<string, { requestBody?: unknown }>> }>(
    'GET',
    '/api/openapi.json',
  )
  expect(body.openapi).toBe('3.1.0')
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/api/status', '/api/hosts/{name}/exec', '/api/faults', '/api/events', '/api/clock/advance', '/api/shutdown']),
  )
  expect(JSON.stringify(body.paths['/api/faults']!['post']!.requestBody)).toContain('device.dns')
})

test('the way in leads to the documentation', async () => {
  const response = await app.inject({ url: '/', headers: { host: 'localhost' } })
  expect([response.statusCode, response.headers.location]).toEqual([302, '/api/docs'])
  expect((await app.inject({ url: '/api/docs/', headers: { host: 'localhost' } })).body).toContain('swagger')
})

test('a path that there is none is answered in the same shape', async () => {
  expect(await ask('GET', '/api/nothing')).toMatchObject({
    status: 404,
    body: refusal('LAB_BAD_INPUT', 'there is no GET /api/nothing; /api/docs lists what there is'),
  })
})

test('asked to end, it answers first', async () => {
  const response = await ask('POST', '/api/shutdown')
  expect([response.status, ended]).toEqual([202, 1])
  expect(logged).toEqual([])
})
