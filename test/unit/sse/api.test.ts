import { describe, expect, test } from 'vitest'
import { EST_HOST, REGIONS } from '../../../shared/contract/region.ts'
import { DeviceList, RegionList, RegisteredClient, SSE_PATHS, SseAccount } from '../../../shared/contract/sse.ts'
import { ACME, CloudLab, OTHER, type Call } from './cloud-lab.ts'

const API = REGIONS.us.api

async function running(): Promise<CloudLab> {
  const lab = new CloudLab()
  await lab.start()
  return lab
}

describe('regions', () => {
  test('anybody gets the list, with HEAD too', async () => {
    await using lab = await running()
    const answer = await lab.sim.run(lab.call(API, SSE_PATHS.regions))
    expect(answer.status).toBe(200)
    expect(RegionList.parse(answer.body).map(({ fqdn }) => fqdn)).toEqual([REGIONS.us.api, REGIONS.eu.api, REGIONS.apj.api])
    const head = await lab.sim.run(lab.call(API, SSE_PATHS.regions, { method: 'HEAD' }))
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', answer.headers['content-length']])
  })

  test('a cloud of one region lists that one and does not know the names of the others', async () => {
    await using lab = new CloudLab()
    await lab.start({ regions: ['us'] })
    expect((await lab.sim.run(lab.call(API, SSE_PATHS.regions))).body).toHaveLength(1)
    expect((await lab.sim.run(lab.call(REGIONS.eu.api, SSE_PATHS.regions))).status).toBe(403)
  })
})

const form = (more: Record<string, string> = {}) =>
  new URLSearchParams({
    client_id: ACME.clientId,
    client_secret: ACME.clientSecret,
    grant_type: 'client_credentials',
    scope: `org_id:${ACME.orgId}`,
    ...more,
  }).toString()

describe('access tokens', () => {
  test('good credentials get 201, as compact JSON', async () => {
    await using lab = await running()
    const answer = await lab.sim.run(lab.call(API, SSE_PATHS.accessToken, { method: 'POST', body: form() }))
    expect(answer.status).toBe(201)
    expect(answer.text).toMatch(/^\{"access_token":"[\w-]{43}"\}$/)
  })

  test.each([
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['another organisation', { scope: `org_id:${OTHER.orgId}` }, 403, 'access_denied'],
    ['another grant', { grant_type: 'password' }, 400, 'invalid_request'],
    ['a silly expiry', { expiry: 'soon' }, 400, 'invalid_request'],
  ])('%s is refused', async (_, more, status, error) => {
    await using lab = await running()
    const answer = await lab.sim.run(lab.call(API, SSE_PATHS.accessToken, { method: 'POST', body: form(more) }))
    expect(answer).toMatchObject({ status, body: { error } })
  })

  test('a token lives as long as was asked for, in lab time, and only in its region', async () => {
    await using lab = await running()
    const token = await lab.sim.run(lab.accessToken(ACME, 'us', 60))
    expect((await lab.sim.run(lab.call(API, SSE_PATHS.devices, { token }))).status).toBe(200)
    expect(await lab.sim.run(lab.call(REGIONS.eu.api, SSE_PATHS.devices, { token }))).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    })
    await lab.sim.advance(60_000)
    const answer = await lab.sim.run(lab.call(API, SSE_PATHS.devices, { token }))
    expect(answer).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
  })
})

describe('registration', () => {
  test('a minted token has 32 alphanumeric characters and registers its device once', async () => {
    await using lab = await running()
    const token = await lab.sim.run(lab.mint(await lab.sim.run(lab.accessToken()), 'guid-1'))
    expect(token).toMatch(/^[A-Za-z0-9]{32}$/)
    const first = await lab.sim.run(lab.register(token, 'guid-1'))
    expect(first.status).toBe(201)
    expect(RegisteredClient.parse(first.body)).toMatchObject({
      tenant: { id: ACME.orgId, name: ACME.name },
      services: { eventing: { fqdn: REGIONS.us.ingest } },
    })
    expect(await lab.sim.run(lab.register(token, 'guid-1'))).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  })

  test('a token works neither for another device, nor in another region, nor after its time', async () => {
    await using lab = await running()
    const access = await lab.sim.run(lab.accessToken())
    const token = await lab.sim.run(lab.mint(access, 'guid-1', 'us', 100))
    expect((await lab.sim.run(lab.register(token, 'guid-2'))).status).toBe(403)
    expect((await lab.sim.run(lab.register(token, 'guid-1', 'eu'))).status).toBe(401)
    await lab.sim.advance(100_000)
    expect((await lab.sim.run(lab.register(token, 'guid-1'))).status).toBe(401)
  })

  test('a device that registers anew keeps its id, and its old access token ends', async () => {
    await using lab = await running()
    const first = await lab.sim.run(lab.device('guid-1'))
    const second = await lab.sim.run(lab.device('guid-1'))
    expect(second.id).toBe(first.id)
    expect(second.accessToken).not.toBe(first.accessToken)
    expect((await lab.sim.run(lab.register(first.accessToken, 'guid-1'))).status).toBe(401)
  })

  test('the access token of a device refreshes its name and nothing else', async () => {
    await using lab = await running()
    const { id, accessToken } = await lab.sim.run(lab.device('guid-1'))
    const answer = await lab.sim.run(lab.register(accessToken, 'guid-1', 'us', 'renamed'))
    expect(answer).toMatchObject({ status: 201, body: { id, accessToken } })
    expect((await lab.sim.run(lab.register(accessToken, 'guid-2'))).status).toBe(403)
    expect((await lab.sim.run(lab.register(accessToken, 'guid-1', 'eu'))).status).toBe(403)
    const list = await lab.sim.run(lab.call(API, SSE_PATHS.devices, { token: await lab.sim.run(lab.accessToken()) }))
    expect(list.body).toMatchObject({ items: [{ id, guid: 'guid-1', name: 'renamed' }] })
  })

  test('what one organisation and region has is unknown in all others', async () => {
    await using lab = await running()
    const { id } = await lab.sim.run(lab.device('guid-1'))
    const list = async (organisation: typeof ACME, region: 'us' | 'eu') => {
      const token = await lab.accessToken(organisation, region)
      return DeviceList.parse((await lab.call(REGIONS[region].api, SSE_PATHS.devices, { token })).body).items.map((item) => item.id)
    }
    expect(await lab.sim.run(list(ACME, 'us'))).toEqual([id])
    expect(await lab.sim.run(list(ACME, 'eu'))).toEqual([])
    expect(await lab.sim.run(list(OTHER, 'us'))).toEqual([])
    const token = await lab.sim.run(lab.accessToken(OTHER))
    expect((await lab.sim.run(lab.call(API, `${SSE_PATHS.devices}/${id}`, { method: 'DELETE', token }))).status).toBe(404)
  })

  test('a removed device gets 202 and loses its access; its id comes back with it', async () => {
    await using lab = await running()
    const { id, accessToken } = await lab.sim.run(lab.device('guid-1'))
    const token = await lab.sim.run(lab.accessToken())
    const path = `${SSE_PATHS.devices}/${id}`
    expect(await lab.sim.run(lab.call(API, path, { method: 'DELETE', token }))).toMatchObject({ status: 202, text: '' })
    expect((await lab.sim.run(lab.call(API, path, { method: 'DELETE', token }))).status).toBe(404)
    expect((await lab.sim.run(lab.register(accessToken, 'guid-1'))).status).toBe(401)
    expect((await lab.sim.run(lab.call(API, SSE_PATHS.devices, { token }))).body).toEqual({ items: [] })
    expect((await lab.sim.run(lab.device('guid-1'))).id).toBe(id)
    // Public scripts remove a device by the id that they minted its token for.
    expect((await lab.sim.run(lab.call(API, `${SSE_PATHS.devices}/guid-1`, { method: 'DELETE', token }))).status).toBe(202)
  })
})

describe('the account', () => {
  test('a virtual account without security licences shows neither devices nor events', async () => {
    await using lab = await running()
    await lab.sim.run(lab.device('guid-1'))
    const token = await lab.sim.run(lab.accessToken())
    const account = await lab.sim.run(lab.call(API, SSE_PATHS.account, { token }))
    expect(account.body).toEqual({ services: { eventing: true }, virtualAccount: { name: 'DEFAULT', securityLicences: true } })
    const body = { ...SseAccount.parse(account.body), virtualAccount: { name: 'EMPTY', securityLicences: false } }
    expect(await lab.sim.run(lab.call(API, SSE_PATHS.account, { method: 'PUT', token, body }))).toMatchObject({ status: 200, body })
    for (const path of [SSE_PATHS.devices, SSE_PATHS.events, SSE_PATHS.eventCounts]) {
      expect((await lab.sim.run(lab.call(API, path, { token }))).body).toEqual({ items: [] })
    }
  })
})

describe('bad requests', () => {
  test.each<[string, string, Call, number]>([
    ['a path that is not there', '/providers/sse/api/v1/nothing', {}, 404],
    ['a method that is not there', SSE_PATHS.regions, { method: 'PATCH' }, 405],
    ['a body that is not JSON', SSE_PATHS.clients, { method: 'POST', body: '{' }, 400],
    ['a body of another shape', SSE_PATHS.clients, { method: 'POST', body: { name: 1 } }, 400],
    ['a body that is null', SSE_PATHS.registrationToken, { method: 'POST', body: 'null' }, 400],
    ['a bad limit', `${SSE_PATHS.events}?limit=0`, {}, 400],
    ['a bad path segment', `${SSE_PATHS.devices}/%E0%A4%A`, { method: 'DELETE' }, 400],
    ['too much', SSE_PATHS.clients, { method: 'POST', body: 'x'.repeat(1_048_577) }, 413],
  ])('%s is refused in JSON and the cloud lives on', async (_, path, call, status) => {
    await using lab = await running()
    const token = await lab.sim.run(lab.accessToken())
    const answer = await lab.sim.run(lab.call(API, path, { token, ...call }))
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ error: expect.any(String), error_description: expect.any(String) })
    expect((await lab.sim.run(lab.call(API, '/'))).status).toBe(403)
  })

  test('a token that is none gets 401', async () => {
    await using lab = await running()
    for (const headers of [{ Authorization: 'Bearer x' }, { Authorization: 'Basic YTpi' }]) {
      expect((await lab.sim.run(lab.call(API, SSE_PATHS.devices, { headers }))).status).toBe(401)
    }
  })

  test('known paths that are not emulated say so', async () => {
    await using lab = await running()
    for (const [name, path] of [
      [EST_HOST, '/.well-known/est/cacerts'],
      [REGIONS.us.admin, '/app/devices'],
      [API, '/providers/sse/services/token/api/v2/jwt/access'],
    ] as const) {
      expect(await lab.sim.run(lab.call(name, path))).toMatchObject({ status: 501, body: { error: 'LAB_NOT_EMULATED' } })
    }
  })
})
