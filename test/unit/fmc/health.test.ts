import { expect, test } from 'vitest'
import type { HealthReport } from '../../../shared/contract/sftunnel.ts'
import { DOMAIN, deviceUuid, fmcLab, login } from './fmc-lab.ts'
import type { FakeDevice, FmcLab } from './fmc-lab.ts'

const FAILURE = 'Threat Data Updates - Cisco Cloud Configuration - Failure'

function report(device: FakeDevice, status: HealthReport['status'], module: HealthReport['module'] = 'THREAT_DATA_UPDATES'): void {
  const description = status === 'RED' ? FAILURE : 'All updates are current'
  device.channel.send({ kind: 'health', at: 0, reports: [{ module, status, description, details: '' }] })
}

async function statusOf(lab: FmcLab, module: string, device = deviceUuid(1)): Promise<string | undefined> {
  const { get } = await login(lab)
  const answer = await get(
    `${DOMAIN}/health/alerts?expanded=true&filter=${encodeURIComponent(`deviceUUIDs:${device};moduleIDs:${module};`)}`,
  )
  return answer.body.items?.[0]?.status
}

test('an alert goes GREEN, RED, RECOVERED, GREEN with one id, and colours the device', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  const { get } = await login(lab)
  const seen: unknown[] = []
  const ids = new Set<string>()
  for (const status of ['GREEN', 'RED', 'RED', 'GREEN', 'GREEN', 'DISABLED'] as const) {
    report(device, status)
    await lab.sim.advance(60_000)
    const [alert] = (await get(`${DOMAIN}/health/alerts?expanded=true&filter=moduleIDs:THREAT_DATA_UPDATES`)).body.items
    ids.add(alert.id)
    const record = (await get(`${DOMAIN}/devices/devicerecords/${deviceUuid(1)}`)).body
    seen.push([alert.status, record.healthStatus])
  }
  expect(seen).toEqual([
    ['GREEN', 'green'],
    ['RED', 'red'],
    ['RED', 'red'],
    ['RECOVERED', 'recovered'],
    ['GREEN', 'green'],
    ['DISABLED', 'green'],
  ])
  expect(ids.size).toBe(1)
  const events = (await get(`${DOMAIN}/health/events?expanded=true&filter=moduleIDs:THREAT_DATA_UPDATES`)).body.items
  expect(events.map((event: { status: string }) => event.status)).toEqual(['DISABLED', 'NORMAL', 'CRITICAL', 'NORMAL'])
})

test('an alert has the documented shape and text', async () => {
  await using lab = await fmcLab()
  report(await lab.device(1), 'RED')
  const { get } = await login(lab)
  const list = await get(`${DOMAIN}/health/alerts?limit=1000&expanded=True&filter=status:red`)
  expect(list.body.items).toMatchObject([
    {
      type: 'HealthAlertModel',
      deviceUUID: deviceUuid(1),
      moduleID: 'THREAT_DATA_UPDATES',
      name: 'Threat Data Updates on Devices',
      status: 'RED',
      timestamp: Date.UTC(2026, 0, 5, 12) / 1_000,
      description: FAILURE,
      details: '',
      params: '',
    },
  ])
  const brief = await get(`${DOMAIN}/health/alerts?expanded=False&filter=status%3Ared;`)
  expect(Object.keys(brief.body.items[0]).sort()).toEqual(['id', 'links', 'name', 'type'])
})

test('filters: device, status, module, time span; start and end only together; anything else is 400', async () => {
  await using lab = await fmcLab()
  const first = await lab.device(1)
  const second = await lab.device(2)
  report(first, 'RED')
  report(first, 'GREEN', 'PROCESS')
  report(second, 'GREEN')
  const { get } = await login(lab)
  const now = lab.sim.clock.now() / 1_000
  const count = async (filter: string): Promise<unknown> => {
    const answer = await get(`${DOMAIN}/health/alerts?filter=${encodeURIComponent(filter)}`)
    return answer.status === 200 ? answer.body.paging.count : answer.status
  }
  expect(await count('')).toBe(5) // with a heartbeat each
  expect(await count('status:red')).toBe(1)
  expect(await count('status:RED,GREEN;moduleIDs:PROCESS,THREAT_DATA_UPDATES')).toBe(3)
  expect(await count(`deviceUUIDs:${deviceUuid(2)};moduleIDs:THREAT_DATA_UPDATES`)).toBe(1)
  expect(await count(`startTime:${now};endTime:${now}`)).toBe(5)
  expect(await count(`startTime:${now + 1};endTime:${now + 2}`)).toBe(0)
  expect(await count(`startTime:${now}`)).toBe(400)
  expect(await count('startTime:yesterday;endTime:today')).toBe(400)
  expect(await count('status:purple')).toBe(400)
  expect(await count('nonsense')).toBe(400)
  expect(await count('colour:red')).toBe(400)
  const latest = await get(`${DOMAIN}/health/events?expanded=true&filter=moduleIDs:all`)
  expect(latest.body.paging.count).toBe(5)
  expect(latest.body.items.map((item: { status: string }) => item.status)).toContain('CRITICAL')
})

test('a device that goes away raises the heartbeat alert after five minutes, and it recovers when the device is back', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  expect(await statusOf(lab, 'HEARTBEAT')).toBe('GREEN')
  await lab.sim.run(async () => {
    device.channel.close()
    await device.channel.closed
  })
  await lab.sim.advance(4 * 60_000)
  expect(await statusOf(lab, 'HEARTBEAT')).toBe('GREEN')
  await lab.sim.advance(90_000)
  expect(await statusOf(lab, 'HEARTBEAT')).toBe('RED')
  await lab.device(1)
  expect(await statusOf(lab, 'HEARTBEAT')).toBe('RECOVERED')
  await lab.sim.advance(30_000)
  expect(await statusOf(lab, 'HEARTBEAT')).toBe('GREEN')
})

test('a device that never came raises the heartbeat alert too', async () => {
  await using lab = await fmcLab()
  await lab.sim.advance(330_000)
  const { get } = await login(lab)
  const red = await get(`${DOMAIN}/health/alerts?expanded=true&filter=status:red`)
  expect(red.body.items.map((item: { description: string }) => item.description)).toEqual([
    'Appliance ftd1 is not sending heartbeats',
    'Appliance ftd2 is not sending heartbeats',
  ])
})
