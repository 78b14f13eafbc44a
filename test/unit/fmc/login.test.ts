import { expect, test } from 'vitest'
import { basic, fmcLab, login } from './fmc-lab.ts'

const GENERATE = '/api/fmc_platform/v1/auth/generatetoken'
const REFRESH = '/api/fmc_platform/v1/auth/refreshtoken'
const VERSION = '/api/fmc_platform/v1/info/serverversion'
const DOMAINS = '[{"name":"Global","uuid":"e276abec-e0f2-11e3-8169-6d9ed49b625f"}]'

test('generatetoken answers 204 without a body and with every header that public clients read', async () => {
  await using lab = await fmcLab()
  for (const body of [undefined, 'null', '{}', 'not json']) {
    const answer = await lab.http(GENERATE, {
      method: 'POST',
      headers: { authorization: basic('admin', 'Admin123'), 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    })
    expect(answer.status).toBe(204)
    expect(answer.body.length).toBe(0)
    expect(answer.headers).toMatchObject({
      'x-auth-access-token': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-auth-refresh-token': expect.stringMatching(/^[0-9a-f-]{36}$/),
      domain_uuid: 'e276abec-e0f2-11e3-8169-6d9ed49b625f',
      global: 'e276abec-e0f2-11e3-8169-6d9ed49b625f',
      domain_id: '111',
      user_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      domains: DOMAINS,
      server: 'Apache',
      'x-frame-options': 'SAMEORIGIN',
      date: 'Mon, 05 Jan 2026 12:00:00 GMT',
    })
  }
})

test('a wrong password is the recorded 401', async () => {
  await using lab = await fmcLab()
  for (const authorization of [basic('admin', 'wrong'), basic('nobody', 'Admin123'), 'Basic ???', 'Bearer x', undefined]) {
    const answer = await lab.http(GENERATE, { method: 'POST', headers: authorization === undefined ? {} : { authorization } })
    expect(answer.status).toBe(401)
    expect(JSON.parse(answer.body.toString())).toEqual({
      error: { category: 'FRAMEWORK', messages: [{ description: 'User authentication failed.' }], severity: 'ERROR' },
    })
  }
})

test('generatetoken without Basic, as one client logs out, fails and leaves the session alone', async () => {
  await using lab = await fmcLab()
  const { token, get } = await login(lab)
  const logout = await lab.http(GENERATE, {
    method: 'POST',
    headers: { 'x-auth-access-token': token, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(logout.status).toBe(401)
  expect((await get(VERSION)).status).toBe(200)
})

test('a token beside Basic credentials counts; Basic alone does not open the API', async () => {
  await using lab = await fmcLab()
  const { token } = await login(lab)
  const both = await lab.http(VERSION, { headers: { 'x-auth-access-token': token, authorization: basic('admin', 'wrong') } })
  expect(both.status).toBe(200)
  const alone = await lab.http(VERSION, { headers: { authorization: basic('admin', 'Admin123') } })
  expect(alone.status).toBe(401)
  expect(alone.body.toString()).toContain('Access token invalid')
})

test('an access token lives for 30 minutes of lab time and can then be refreshed', async () => {
  await using lab = await fmcLab()
  const { token, get } = await login(lab)
  await lab.sim.advance(30 * 60_000 - 1)
  expect((await get(VERSION)).status).toBe(200)
  await lab.sim.advance(1)
  const old = await get(VERSION)
  expect(old.status).toBe(401)
  expect(old.body.error.messages[0].description).toContain('Access token invalid')
  expect(token).not.toBe('')
})

test('a session is refreshed three times: new tokens each time, the old ones void at once, then "Invalid refresh token"', async () => {
  await using lab = await fmcLab()
  const first = await lab.http(GENERATE, { method: 'POST', headers: { authorization: basic('admin', 'Admin123') } })
  let access = String(first.headers['x-auth-access-token'])
  let refresh = String(first.headers['x-auth-refresh-token'])
  for (let round = 1; round <= 3; round++) {
    const answer = await lab.http(REFRESH, { method: 'POST', headers: { 'x-auth-access-token': access, 'x-auth-refresh-token': refresh } })
    expect(answer.status).toBe(204)
    expect(answer.headers['domains']).toBe(DOMAINS)
    expect((await lab.http(VERSION, { headers: { 'x-auth-access-token': access } })).status).toBe(401)
    const again = await lab.http(REFRESH, { method: 'POST', headers: { 'x-auth-access-token': access, 'x-auth-refresh-token': refresh } })
    expect(again.status).toBe(401)
    access = String(answer.headers['x-auth-access-token'])
    refresh = String(answer.headers['x-auth-refresh-token'])
    expect((await lab.http(VERSION, { headers: { 'x-auth-access-token': access } })).status).toBe(200)
  }
  const fourth = await lab.http(REFRESH, { method: 'POST', headers: { 'x-auth-access-token': access, 'x-auth-refresh-token': refresh } })
  expect(fourth.status).toBe(401)
  expect(fourth.body.toString()).toContain('Invalid refresh token')
})

test('a refresh without the header is 400, one with the token of another session 401', async () => {
  await using lab = await fmcLab()
  const { token } = await login(lab)
  const other = await lab.http(GENERATE, { method: 'POST', headers: { authorization: basic('admin', 'Admin123') } })
  const missing = await lab.http(REFRESH, { method: 'POST', headers: { 'x-auth-access-token': token } })
  expect(missing.status).toBe(400)
  expect(missing.body.toString()).toContain('No refresh token found')
  const mixed = await lab.http(REFRESH, {
    method: 'POST',
    headers: { 'x-auth-access-token': token, 'x-auth-refresh-token': String(other.headers['x-auth-refresh-token']) },
  })
  expect(mixed.status).toBe(401)
})

test('revokeaccess ends the session', async () => {
  await using lab = await fmcLab()
  const { token, get } = await login(lab)
  const revoke = await lab.http('/api/fmc_platform/v1/auth/revokeaccess', { method: 'POST', headers: { 'x-auth-access-token': token } })
  expect(revoke.status).toBe(204)
  expect((await get(VERSION)).status).toBe(401)
})

test('a user who may only read gets 403 for a change', async () => {
  await using lab = await fmcLab({ users: [{ name: 'auditor', password: 'x', role: 'Security Analyst (Read Only)' }] })
  const { get, put } = await login(lab, 'auditor', 'x')
  const path = '/api/fmc_config/v1/domain/e276abec-e0f2-11e3-8169-6d9ed49b625f/integration/cloudservices'
  expect((await get(path)).status).toBe(200)
  const change = await put(path, { enabled: false })
  expect(change.status).toBe(403)
  expect(change.body.error.messages[0].description).toBe('The user is not authorized')
})
