import { expect, test } from 'vitest'
import { DOMAIN, deviceUuid, fmcLab, login } from './fmc-lab.ts'

const EVENTS = `${DOMAIN}/integration/cloudeventsconfigs/c64d2a4c-a194-11e8-bad0-eb6719b10fdb`
const SERVICES = `${DOMAIN}/integration/cloudservices`

test('turning Cisco Cloud off is broadcast to every connected device; one that was away gets it when it connects again', async () => {
  await using lab = await fmcLab()
  const first = await lab.device(1)
  const second = await lab.device(2)
  expect(first.last('cloud')?.settings).toMatchObject({
    enabled: true,
    region: { id: 'us', name: 'us-east-1', fqdn: 'api-sse.cisco.com', ingest: 'eventing-ingest.sse.itd.cisco.com' },
    send: { intrusion: true, file: true, connection: true, allConnections: false },
  })
  await lab.sim.run(async () => {
    second.channel.close()
    await second.channel.closed
  })
  const { put } = await login(lab)
  const answer = await put(SERVICES, { enabled: false })
  expect(answer.body).toMatchObject({ enabled: false, revision: 2 })
  expect(answer.body.devices).toMatchObject([
    { name: 'ftd1', isConnected: true, sentRevision: 2 },
    { name: 'ftd2', isConnected: false, sentRevision: 1 },
  ])
  await lab.sim.advance(0)
  expect(first.last('cloud')?.settings).toMatchObject({ enabled: false, revision: 2 })
  expect(second.last('cloud')?.settings).toMatchObject({ enabled: true, revision: 1 })
  expect((await lab.device(2)).last('cloud')?.settings).toMatchObject({ enabled: false, revision: 2 })
})

test('setting what is set already broadcasts nothing', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  const { put } = await login(lab)
  await put(SERVICES, { enabled: true })
  await lab.sim.advance(0)
  expect(device.received.filter(({ kind }) => kind === 'cloud')).toHaveLength(1)
})

test('event types and excluded devices reach the devices', async () => {
  await using lab = await fmcLab()
  const first = await lab.device(1)
  const second = await lab.device(2)
  const { put, get } = await login(lab)
  const list = await get(`${DOMAIN}/integration/cloudeventsconfigs`)
  expect(Object.keys(list.body.items[0]).sort()).toEqual(['id', 'links', 'type'])
  const answer = await put(EVENTS, {
    id: 'c64d2a4c-a194-11e8-bad0-eb6719b10fdb',
    type: 'CloudEventsConfig',
    sendConnectionEvents: false,
    devicesExcludedFromSendingEvents: [{ id: deviceUuid(2), type: 'Device' }],
  })
  expect(answer.body).toMatchObject({
    sendIntrusionEvents: true,
    sendConnectionEvents: false,
    devicesExcludedFromSendingEvents: [{ id: deviceUuid(2), name: 'ftd2' }],
  })
  await lab.sim.advance(0)
  expect(first.last('cloud')?.settings.send).toEqual({ intrusion: true, file: true, connection: false, allConnections: false })
  expect(second.last('cloud')?.settings.send).toEqual({ intrusion: false, file: false, connection: false, allConnections: false })
  expect((await put(EVENTS, { devicesExcludedFromSendingEvents: [{ id: 'nobody' }] })).status).toBe(400)
})

test('exactly one region is current; selecting another is broadcast', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  const { put, get } = await login(lab)
  const regions = (await get(`${DOMAIN}/integration/cloudregions?expanded=true`)).body.items
  expect(regions).toMatchObject([
    { type: 'CloudRegion', name: 'us-east-1', description: 'US Region', domain: 'api-sse.cisco.com', current: true },
    { name: 'eu-central-1', domain: 'api.eu.sse.itd.cisco.com', current: false },
    { name: 'ap-northeast-1', domain: 'api.apj.sse.itd.cisco.com', current: false },
  ])
  expect((await put(`${DOMAIN}/integration/cloudregions/${regions[0].id}`, { current: false })).status).toBe(400)
  const eu = await put(`${DOMAIN}/integration/cloudregions/${regions[1].id}`, { id: regions[1].id, type: 'CloudRegion', current: true })
  expect(eu.body.current).toBe(true)
  const after = (await get(`${DOMAIN}/integration/cloudregions?expanded=true`)).body.items
  expect(after.map((region: { current: boolean }) => region.current)).toEqual([false, true, false])
  expect(device.last('cloud')?.settings.region).toMatchObject({ id: 'eu', fqdn: 'api.eu.sse.itd.cisco.com' })
})

test('switching a health module off is broadcast with the policy', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  expect(device.last('health-policy')?.policy).toEqual({
    runIntervalMs: 300_000,
    modules: { THREAT_DATA_UPDATES: true, CONN_STATUS_SSE: true, PROCESS: true },
  })
  const { put, get } = await login(lab)
  const [policy] = (await get(`${DOMAIN}/policy/healthpolicies?expanded=true`)).body.items
  expect(policy.healthModules).toContainEqual({ moduleId: 'hm_tds', type: 'FTD', enabled: true, severity: 'Critical' })
  const path = `${DOMAIN}/policy/healthpolicies/${policy.id}`
  const changed = {
    ...policy,
    healthModules: policy.healthModules.map((module: { moduleId: string }) => ({ ...module, enabled: module.moduleId !== 'hm_tds' })),
  }
  expect((await put(path, changed)).status).toBe(200)
  expect((await put(path, { setting: { alertEvaluationInterval: 10 } })).status).toBe(200)
  await lab.sim.advance(0)
  expect(device.last('health-policy')?.policy).toEqual({
    runIntervalMs: 600_000,
    modules: { THREAT_DATA_UPDATES: false, CONN_STATUS_SSE: true, PROCESS: true },
  })
  expect((await put(path, { healthModules: [{ moduleId: 'hm_nothing', enabled: false }] })).status).toBe(400)
  expect((await put(path, { setting: { alertEvaluationInterval: 4 } })).status).toBe(400)
})

test('a restart keeps settings, devices and alerts, and follows a changed list of devices', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  device.channel.send({
    kind: 'health',
    at: 0,
    reports: [
      {
        module: 'THREAT_DATA_UPDATES',
        status: 'RED',
        description: 'Threat Data Updates - Cisco Cloud Configuration - Failure',
        details: '',
      },
    ],
  })
  const before = await login(lab)
  await before.put(SERVICES, { enabled: false })
  const ids = (await before.get(`${DOMAIN}/devices/devicerecords`)).body.items.map((item: { id: string }) => item.id)
  await lab.restartFmc()
  expect((await before.get(SERVICES)).status).toBe(401)
  const { get } = await login(lab)
  expect((await get(SERVICES)).body).toMatchObject({ enabled: false, revision: 2 })
  expect((await get(`${DOMAIN}/devices/devicerecords`)).body.items.map((item: { id: string }) => item.id)).toEqual(ids)
  expect((await get(`${DOMAIN}/health/alerts?expanded=true&filter=status:red`)).body.items).toMatchObject([
    { deviceUUID: deviceUuid(1), status: 'RED' },
  ])
  await lab.restartFmc({ devices: [{ name: 'ftd3', address: '192.0.2.29', registrationKey: 'k' }] })
  const after = await login(lab)
  expect((await after.get(`${DOMAIN}/devices/devicerecords`)).body.items).toMatchObject([{ name: 'ftd3' }])
  expect((await after.get(`${DOMAIN}/health/alerts`)).body.paging.count).toBe(0)
})

test('a state file that nobody can read stops the start and says which', async () => {
  await using lab = await fmcLab()
  await lab.sim.run(() => lab.fmcWorld.files.write('/var/sf/fmc/state.json', '{"cloud":1}'))
  // The running FMC writes its state anew only when something changes, so the broken file is what the next start finds.
  await expect(lab.restartFmc()).rejects.toMatchObject({
    code: 'LAB_STATE_BROKEN',
    message: expect.stringContaining('/var/sf/fmc/state.json'),
  })
  await lab.sim.run(() => lab.fmcWorld.files.remove('/var/sf/fmc/state.json'))
  await lab.restartFmc()
})
