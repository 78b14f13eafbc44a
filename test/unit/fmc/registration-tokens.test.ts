import { expect, test } from 'vitest'
import { SSE_PATHS } from '../../../shared/contract/sse.ts'
import { formatProxy, readProxy } from '../../../services/fmc/processes/proxy-settings.ts'
import { DOMAIN, deviceUuid, fmcLab, login } from './fmc-lab.ts'
import type { FakeDevice, FmcLab } from './fmc-lab.ts'

let requests = 0
async function ask(lab: FmcLab, device: FakeDevice) {
  const request = ++requests
  const answer = device.next('token')
  device.channel.send({ kind: 'token-request', request })
  const { token, error, request: answered } = await lab.sim.run(answer)
  expect(answered).toBe(request)
  return { token, error }
}

test('a device gets a token that was minted for it; two need one access token and one connection', async () => {
  await using lab = await fmcLab()
  const first = await lab.device(1)
  const second = await lab.device(2)
  expect(await ask(lab, first)).toEqual({ token: `token-of-${deviceUuid(1)}`, error: undefined })
  expect(await ask(lab, second)).toEqual({ token: `token-of-${deviceUuid(2)}`, error: undefined })
  expect(lab.cloud.requests.map(({ path }) => path)).toEqual([
    SSE_PATHS.accessToken,
    SSE_PATHS.registrationToken,
    SSE_PATHS.registrationToken,
  ])
  expect(new Set(lab.cloud.requests.map(({ connection }) => connection)).size).toBe(1)
  expect(Object.fromEntries(new URLSearchParams(lab.cloud.requests[0]!.body))).toEqual({
    client_id: 'ftdlab-client',
    client_secret: 'ftdlab-secret',
    grant_type: 'client_credentials',
    offline_access: 'true',
    expiry: '60',
    scope: 'org_id:ftdlab-organisation',
  })
  expect(JSON.parse(lab.cloud.requests[1]!.body)).toEqual({
    principal: { deviceId: deviceUuid(1), serviceType: ['ngfw', 'ITD-Base', 'hybrid-2.0'] },
    expiry: 129_600,
  })
  const services = await (await login(lab)).get(`${DOMAIN}/integration/cloudservices`)
  expect(services.body.devices[0].registrationToken).toEqual({ timestamp: lab.sim.clock.now() / 1_000, status: 'ISSUED' })
})

test('requests that come at once share one access token', async () => {
  await using lab = await fmcLab()
  const first = await lab.device(1)
  const second = await lab.device(2)
  const both = Promise.all([first.next('token'), second.next('token')])
  first.channel.send({ kind: 'token-request', request: 1 })
  second.channel.send({ kind: 'token-request', request: 2 })
  expect((await lab.sim.run(both)).map(({ token }) => token)).toEqual([`token-of-${deviceUuid(1)}`, `token-of-${deviceUuid(2)}`])
  expect(lab.cloud.requests.filter(({ path }) => path === SSE_PATHS.accessToken)).toHaveLength(1)
})

test('the access token is kept for less than a minute, and asked for anew when the cloud no longer knows it', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  await ask(lab, device)
  await lab.sim.advance(60_000)
  await ask(lab, device)
  expect(lab.cloud.requests.filter(({ path }) => path === SSE_PATHS.accessToken)).toHaveLength(2)
  lab.cloud.good.clear()
  expect((await ask(lab, device)).token).toBe(`token-of-${deviceUuid(1)}`)
  expect(lab.cloud.requests.filter(({ path }) => path === SSE_PATHS.accessToken)).toHaveLength(3)
})

test('no token while the cloud is off, in evaluation, or without a registration: the device is told why', async () => {
  for (const [state, words] of [
    ['EVALUATION', 'evaluation mode'],
    ['UNREGISTERED', 'not registered with Cisco Smart Software Manager'],
  ] as const) {
    await using lab = await fmcLab({ licence: { state } })
    expect((await ask(lab, await lab.device(1))).error).toContain(words)
    expect(lab.cloud.requests).toEqual([])
  }
  await using lab = await fmcLab({ cloud: { enabled: false } })
  expect((await ask(lab, await lab.device(1))).error).toBe('Cisco Cloud Event Configuration is turned off on the manager')
  const services = await (await login(lab)).get(`${DOMAIN}/integration/cloudservices`)
  expect(services.body.devices[0].registrationToken).toMatchObject({ status: 'REFUSED', reason: expect.stringContaining('turned off') })
})

test('a cloud that cannot be reached or refuses is named with what happened', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  lab.cloud.statusOfMint = 403
  expect((await ask(lab, device)).error).toBe('api-sse.cisco.com answered the request for a registration token with 403 Forbidden')
  await lab.restartFmc()
  await lab.sim.run(() => lab.fmcWorld.files.write('/etc/hosts', '192.0.2.11 api-sse.cisco.com\n'))
  expect((await ask(lab, await lab.device(1))).error).toMatch(/^cannot reach api-sse\.cisco\.com: .*EHOSTUNREACH/)
  await lab.sim.run(() => lab.fmcWorld.files.write('/etc/hosts', ''))
  await lab.sim.run(() => lab.fmcWorld.files.write('/etc/resolv.conf', ''))
  expect((await ask(lab, await lab.device(1))).error).toMatch(/^cannot reach api-sse\.cisco\.com: /)
})

test("roots that do not include the cloud's issuer are noticed at the next connection", async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  expect((await ask(lab, device)).token).toBeDefined()
  await lab.sim.run(() => lab.fmcWorld.files.write('/etc/ssl/connectorCA.pem', ''))
  expect((await ask(lab, device)).error).toMatch(/^cannot reach api-sse\.cisco\.com: /)
  await lab.sim.run(() => lab.fmcWorld.files.remove('/etc/ssl/connectorCA.pem'))
  expect((await ask(lab, device)).error).toBe('cannot read /etc/ssl/connectorCA.pem: ENOENT')
})

test('after a change of region the token comes from the new region', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  await ask(lab, device)
  const { get, put } = await login(lab)
  const eu = (await get(`${DOMAIN}/integration/cloudregions`)).body.items[1]
  await put(`${DOMAIN}/integration/cloudregions/${eu.id}`, { current: true })
  expect((await ask(lab, device)).token).toBeDefined()
  expect(lab.cloud.requests.at(-1)?.host).toBe('api.eu.sse.itd.cisco.com')
})

test('the proxy of /etc/sf/iprep_proxy.conf is used, with its credentials, as soon as the file is there', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  const proxy = lab.sim.addHost({ name: 'proxy', interfaces: [{ name: 'eth0', address: '192.0.2.80', netmask: '255.255.255.0' }] }).world
  const heads: string[] = []
  await lab.sim.run(() =>
    proxy.net.listen({ port: 3128 }, (conn) => {
      conn.on('error', () => conn.destroy())
      conn.once('data', (head) => {
        heads.push(String(head))
        conn.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
      })
    }),
  )
  await lab.sim.run(() =>
    lab.fmcWorld.files.write('/etc/sf/iprep_proxy.conf', formatProxy({ host: '192.0.2.80', port: 3128, user: 'u', password: 'p' })),
  )
  expect((await ask(lab, device)).error).toMatch(/^cannot reach api-sse\.cisco\.com: .*407 Proxy Authentication Required/)
  expect(heads[0]).toMatch(/^CONNECT api-sse\.cisco\.com:443 HTTP\/1\.1\r\n/)
  expect(heads[0]).toContain(`Proxy-Authorization: Basic ${Buffer.from('u:p').toString('base64')}`)
})

test('the proxy file is read as documented, and written so that it reads the same', async () => {
  await using lab = await fmcLab()
  const { files } = lab.fmcWorld
  const read = async (text: string) => {
    await files.write('/etc/sf/iprep_proxy.conf', text)
    return readProxy(files)
  }
  await lab.sim.run(async () => {
    expect(await readProxy(files)).toBeUndefined()
    expect(await read('iprep_proxy {\nPROXY_HOST 10.10.10.1;\nPROXY_PORT 80;\n}\n')).toEqual({ host: '10.10.10.1', port: 80 })
    expect(await read('iprep_proxy {\n}\n')).toBeUndefined()
    expect(await read('iprep_proxy {\nPROXY_HOST 10.10.10.1;\nPROXY_PORT eighty;\n}\n')).toBeUndefined()
    const all = { host: 'proxy.lab.example', port: 3128, user: 'fmc', password: 'Secret 1' }
    expect(await read(formatProxy(all))).toEqual(all)
  })
})
