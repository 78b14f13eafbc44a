import { assert, asyncProperty, constantFrom, json } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRateLimit } from '../../../services/fmc/api/rate-limit.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { DOMAIN, deviceUuid, fmcLab, login } from './fmc-lab.ts'

const description = (answer: { body: { error: { messages: { description: string }[] } } }): string =>
  answer.body.error.messages[0]!.description

test('serverversion, domain and smart licence have the fields that clients need right after login', async () => {
  await using lab = await fmcLab()
  const { get } = await login(lab)
  const version = await get('/api/fmc_platform/v1/info/serverversion')
  expect(version.body.items[0]).toMatchObject({
    serverVersion: '7.4.2 (build 172)',
    vdbVersion: expect.any(String),
    sruVersion: expect.any(String),
  })
  const domain = await get('/api/fmc_platform/v1/info/domain')
  expect(domain.body.items).toEqual([{ uuid: 'e276abec-e0f2-11e3-8169-6d9ed49b625f', name: 'Global', type: 'Domain' }])
  const licence = await get('/api/fmc_platform/v1/license/smartlicenses')
  expect(licence.body.items[0]).toMatchObject({
    type: 'SmartLicense',
    regStatus: 'REGISTERED',
    metadata: { authStatus: 'AUTHORIZED', virtualAccount: 'FTDLAB', exportControl: true, lastRenewedTime: '2026-01-05T12:00:00UTC' },
  })
})

test('evaluation counts down from 89 days', async () => {
  await using lab = await fmcLab({ licence: { state: 'EVALUATION' }, devices: [] })
  const days = async (): Promise<unknown> =>
    (await (await login(lab)).get('/api/fmc_platform/v1/license/smartlicenses')).body.items[0].metadata.evalExpiresInDays
  expect(await days()).toBe(89)
  await lab.sim.advance(3 * 86_400_000)
  expect(await days()).toBe(86)
})

describe('devicerecords', () => {
  test('lists id, type, name and links; whole records with expanded=true in any case; one by id; one by name', async () => {
    await using lab = await fmcLab()
    await lab.device(1)
    const { get } = await login(lab)
    const path = `${DOMAIN}/devices/devicerecords`
    const brief = await get(path)
    expect(brief.body.items[0]).toEqual({
      id: deviceUuid(1),
      type: 'Device',
      name: 'ftd1',
      links: { self: `https://192.0.2.20${path}/${deviceUuid(1)}` },
    })
    expect(brief.body.paging).toEqual({ offset: 0, limit: 25, count: 2, pages: 1 })
    for (const spelling of ['true', 'True']) {
      const whole = await get(`${path}?limit=1000&expanded=${spelling}`)
      expect(whole.body.items[0]).toMatchObject({ hostName: '192.0.2.27', sw_version: '7.4.2', isConnected: true, healthStatus: 'green' })
      expect(whole.body.items[1]).toMatchObject({ name: 'ftd2', isConnected: false })
    }
    expect((await get(`${path}/${deviceUuid(1)}?expanded=true`)).body).toMatchObject({ name: 'ftd1', type: 'Device', metadata: {} })
    const named = await get(`${path}?filter=name:ftd2`)
    expect(named.body.items.map((item: { name: string }) => item.name)).toEqual(['ftd2'])
    const missing = await get(`${path}/nothing`)
    expect(missing.status).toBe(404)
    expect(description(missing)).toBe('Device nothing not found')
  })

  test('an empty list has no items key', async () => {
    await using lab = await fmcLab({ devices: [] })
    const { get } = await login(lab)
    expect((await get(`${DOMAIN}/devices/devicerecords`)).body).toEqual({ links: {}, paging: { offset: 0, limit: 0, count: 0, pages: 0 } })
  })

  test('following next[0] visits every device once, whatever the page size; all links use the Host that the client used', async () => {
    const devices = Array.from({ length: 57 }, (_, index) => ({
      name: `ftd${index + 1}`,
      address: `100.64.0.${index + 1}`,
      registrationKey: 'k',
    }))
    await using lab = await fmcLab({ devices })
    const { token } = await login(lab)
    const page = async (path: string) => {
      const answer = await lab.http(path, { headers: { 'x-auth-access-token': token, host: 'fmc.customer.example:8443' } })
      return JSON.parse(answer.body.toString())
    }
    for (const limit of [undefined, 1, 7, 57, 1000, 5000]) {
      const seen: string[] = []
      let next: string | undefined = `${DOMAIN}/devices/devicerecords?expanded=true${limit === undefined ? '' : `&limit=${limit}`}`
      while (next !== undefined) {
        const body: { items: { name: string }[]; paging: { next?: string[]; prev?: string[]; pages: number; limit: number } } =
          await page(next)
        seen.push(...body.items.map(({ name }) => name))
        const pagesAfter = body.paging.next?.length ?? 0
        expect(pagesAfter + 1 + (body.paging.prev?.length ?? 0)).toBe(body.paging.pages)
        for (const url of body.paging.next ?? []) expect(url.startsWith('https://fmc.customer.example:8443/api/')).toBe(true)
        next = body.paging.next?.[0]?.replace('https://fmc.customer.example:8443', '')
        if (next !== undefined) expect(next).toContain('expanded=true')
      }
      expect(seen).toEqual(devices.map(({ name }) => name))
    }
  })

  test('a limit or an offset that is no number is 400', async () => {
    await using lab = await fmcLab()
    const { get } = await login(lab)
    for (const query of ['limit=abc', 'limit=0', 'limit=-1', 'offset=-1', 'offset=1.5']) {
      expect((await get(`${DOMAIN}/devices/devicerecords?${query}`)).status).toBe(400)
    }
  })
})

describe('errors', () => {
  test('every unknown path is a 404 in JSON, every known area that the lab lacks a 501 that says so', async () => {
    await using lab = await fmcLab()
    const { call } = await login(lab)
    for (const path of [
      '/',
      '/nothing',
      '/api',
      '/api/nothing',
      `${DOMAIN}/nothing`,
      '/api/fmc_config/v1/domain/None/devices/devicerecords',
      '/api/fmc_config',
    ]) {
      const answer = await call('GET', path)
      expect([path, answer.status]).toEqual([path, 404])
      expect(description(answer)).toContain('not found')
    }
    for (const [method, path] of [
      ['GET', `${DOMAIN}/deployment/deployabledevices`],
      ['POST', `${DOMAIN}/devices/devicerecords`],
      ['GET', `${DOMAIN}/job/taskstatuses/1`],
      ['GET', `${DOMAIN}/policy/accesspolicies`],
      ['POST', '/api/fmc_platform/v1/license/smartlicenses'],
      ['GET', '/api/api-explorer/fmc.json'],
    ] as const) {
      const answer = await call(method, path)
      expect([path, answer.status]).toEqual([path, 501])
      expect(description(answer)).toContain('LAB_NOT_EMULATED')
    }
    const wrongMethod = await call('DELETE', `${DOMAIN}/health/alerts`)
    expect(wrongMethod.status).toBe(405)
    expect(description(wrongMethod)).toContain('is not supported')
  })

  test('bodies: null, nothing and wrong types are 400, what is no JSON 422, more than 2,048,000 bytes 422; a GET may carry any', async () => {
    await using lab = await fmcLab()
    const { token, get } = await login(lab)
    const path = `${DOMAIN}/integration/cloudservices`
    const send = (method: string, body: string | undefined, type?: string) =>
      lab.http(path, {
        method,
        headers: { 'x-auth-access-token': token, ...(type !== undefined && { 'content-type': type }) },
        ...(body !== undefined && { body }),
      })
    expect((await send('GET', 'null', 'application/json')).status).toBe(200)
    expect((await send('PUT', undefined)).status).toBe(400)
    expect((await send('PUT', 'null', 'application/json')).status).toBe(400)
    expect((await send('PUT', '{"enabled":"yes"}', 'application/json')).status).toBe(400)
    expect((await send('PUT', '{', 'application/json')).status).toBe(422)
    expect((await send('PUT', '{"enabled":true}', 'text/plain')).status).toBe(200)
    expect((await send('PUT', '{"enabled":true}')).status).toBe(200)
    const huge = await send('PUT', JSON.stringify({ enabled: true, padding: 'x'.repeat(2_048_000) }), 'application/json')
    expect(huge.status).toBe(422)
    expect(JSON.parse(huge.body.toString())).toEqual({
      error: { category: 'OTHER', messages: [{ description: 'Unprocessable Entity' }], severity: 'ERROR' },
    })
    expect((await get(path)).status).toBe(200)
  })

  test('whatever a PUT carries, the answer is one envelope or the object, and the FMC lives on', async () => {
    await using lab = await fmcLab()
    const { put, get } = await login(lab)
    const paths = [`${DOMAIN}/integration/cloudservices`, `${DOMAIN}/integration/cloudeventsconfigs/c64d2a4c-a194-11e8-bad0-eb6719b10fdb`]
    await assert(
      asyncProperty(constantFrom(...paths), json(), async (path, text) => {
        const answer = await put(path, JSON.parse(text))
        expect([200, 400]).toContain(answer.status)
        if (answer.status === 400) expect(description(answer)).toMatch(/^Input type mismatch\./)
      }),
      { numRuns: 60 },
    )
    expect((await get(paths[0]!)).status).toBe(200)
  })

  test('bytes that are no HTTP end their connection only', async () => {
    await using lab = await fmcLab()
    const closed = lab.sim.run(async () => {
      const socket = await connectTls(await lab.operator.net.dial({ address: '192.0.2.20', port: 443 }), {
        rejectUnauthorized: false,
        clock: lab.operator.clock,
      })
      socket.write('this is no HTTP\r\n\r\n')
      let text = ''
      for await (const chunk of socket) text += String(chunk)
      return text
    })
    expect(await closed).toMatch(/^HTTP\/1\.1 400 /)
    await login(lab)
  })
})

describe('the rate limit', () => {
  test('more than the allowed requests a minute from one address are 429 until the minute is over', async () => {
    const sim = createSim({ seed: 1 })
    const { clock } = sim.addHost({ name: 'fmc', interfaces: [] }).world
    const limit = createRateLimit(clock, 120, ['192.0.2.5'])
    for (let count = 1; count <= 120; count++) limit('192.0.2.99')
    expect(() => limit('192.0.2.99')).toThrow(
      expect.objectContaining({ status: 429, message: expect.stringContaining('Too many requests') }),
    )
    limit('192.0.2.98')
    for (let count = 1; count <= 500; count++) limit('192.0.2.5')
    await sim.advance(59_999)
    expect(() => limit('192.0.2.99')).toThrow()
    await sim.advance(1)
    limit('192.0.2.99')
    await sim.close()
  })

  test('counts each client by the address that it comes from, and not the operator', async () => {
    await using lab = await fmcLab({ requestsPerMinute: 5 })
    const statuses = async (address: string) => {
      const answers = []
      for (let count = 1; count <= 6; count++) answers.push((await lab.httpFrom(address, '/api/fmc_platform/v1/info/domain')).status)
      return answers
    }
    expect(await statuses('192.0.2.98')).toEqual([401, 401, 401, 401, 401, 429])
    expect(await statuses('192.0.2.99')).toEqual([401, 401, 401, 401, 401, 429])
    const { get } = await login(lab)
    for (let count = 1; count <= 6; count++) expect((await get('/api/fmc_platform/v1/info/domain')).status).toBe(200)
    await lab.sim.advance(60_000)
    expect((await lab.httpFrom('192.0.2.98', '/api/fmc_platform/v1/info/domain')).status).toBe(401)
  })
})
