import { expect, test } from 'vitest'
import { startFmc } from '../../../services/fmc/index.ts'
import { connectTls } from '../../../shared/wire/tls/client.ts'
import { DOMAIN, KEY, deviceUuid, fmcConfig, fmcLab, login } from './fmc-lab.ts'

test('the FMC is healthy once every device is connected', async () => {
  await using lab = await fmcLab()
  expect(await lab.fmc().health()).toMatchObject({ healthy: false, waitingFor: ['ftd1 is not connected', 'ftd2 is not connected'] })
  await lab.device(1)
  await lab.device(2)
  expect(await lab.fmc().health()).toEqual({
    healthy: true,
    waitingFor: [],
    processes: [
      { name: 'httpsd', state: 'Running', pid: 1 },
      { name: 'sftunnel', state: 'Running', pid: 1 },
    ],
  })
})

test('a device is welcomed, then gets cloud settings and health policy; heartbeats are answered', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  expect(device.received.map(({ kind }) => kind)).toEqual(['welcome', 'cloud', 'health-policy'])
  expect(device.last('welcome')).toEqual({ kind: 'welcome', manager: 'fmc.lab.example' })
  const answer = device.next('heartbeat')
  device.channel.send({ kind: 'heartbeat', at: 5 })
  expect(await lab.sim.run(answer)).toEqual({ kind: 'heartbeat', at: lab.sim.clock.now() })
})

test('a wrong registration key and a device that is not managed are refused with a reason', async () => {
  await using lab = await fmcLab()
  expect((await lab.device(1, { registrationKey: 'wrong' })).last('refused')?.reason).toBe('registration key mismatch')
  expect((await lab.device(2, { registrationKey: 'wrong' })).last('refused')?.reason).toBe('registration key mismatch')
  const stranger = await lab.device(9)
  expect(stranger.last('refused')?.reason).toBe(`no device ${deviceUuid(9)} at 192.0.2.35 is managed here`)
  await lab.sim.run(stranger.channel.closed)
  expect((await lab.fmc().health()).healthy).toBe(false)
})

test('a device without a configured uuid is known by its own from its first hello on, also after a restart', async () => {
  await using lab = await fmcLab()
  await lab.device(2)
  const idOf = async (): Promise<string> =>
    (await (await login(lab)).get(`${DOMAIN}/devices/devicerecords?filter=name:ftd2`)).body.items[0].id
  expect(await idOf()).toBe(deviceUuid(2))
  await lab.restartFmc()
  expect(await idOf()).toBe(deviceUuid(2))
})

test('the newer connection of a device wins', async () => {
  await using lab = await fmcLab()
  const older = await lab.device(1)
  const newer = await lab.device(1)
  await lab.sim.run(older.channel.closed)
  await lab.sim.advance(0)
  expect((await lab.fmc().health()).waitingFor).toEqual(['ftd2 is not connected'])
  const { put } = await login(lab)
  await put(`${DOMAIN}/integration/cloudservices`, { enabled: false })
  await lab.sim.advance(0)
  expect(newer.last('cloud')?.settings.enabled).toBe(false)
})

test('words before hello, a second hello and malformed frames end only that connection', async () => {
  await using lab = await fmcLab()
  const good = await lab.device(2)
  const device = await lab.device(1)
  device.channel.send({ kind: 'hello', uuid: deviceUuid(1), hostname: 'x', address: 'x', model: 'x', version: 'x', registrationKey: KEY })
  await lab.sim.run(device.channel.closed)
  expect(device.last('refused')?.reason).toBe('hello was said already')
  const ended = lab.sim.run(async () => {
    const outcomes: string[] = []
    for (const text of ['{"kind":"heartbeat","at":1}\n', 'not json\n', '{"kind":"nothing"}\n', 'x'.repeat(2_000_000)]) {
      const conn = await lab.operator.net.dial({ address: '192.0.2.20', port: 8305 })
      const socket = await connectTls(conn, { rejectUnauthorized: false, clock: lab.operator.clock })
      socket.write(text)
      let answer = ''
      try {
        for await (const chunk of socket) answer += String(chunk)
        outcomes.push(answer.trim() || 'ended')
      } catch {
        outcomes.push('ended')
      }
    }
    return outcomes
  })
  expect(await ended).toEqual(['{"kind":"refused","reason":"hello must be the first message"}', 'ended', 'ended', 'ended'])
  const answer = good.next('heartbeat')
  good.channel.send({ kind: 'heartbeat', at: 1 })
  await lab.sim.run(answer)
})

test('a connection that says nothing for three minutes is given up', async () => {
  await using lab = await fmcLab()
  const device = await lab.device(1)
  await lab.sim.advance(170_000)
  expect((await lab.fmc().health()).waitingFor).toEqual(['ftd2 is not connected'])
  await lab.sim.run(device.channel.closed, { limitMs: 60_000 })
  expect((await lab.fmc().health()).waitingFor).toContain('ftd1 is not connected')
})

test('a second FMC on the same host fails to start and leaves the first alone', async () => {
  await using lab = await fmcLab()
  await expect(lab.sim.run(() => startFmc(lab.fmcWorld, fmcConfig()))).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await lab.device(1)
  await login(lab)
})

test('a configuration that does not fit names the field', async () => {
  await using lab = await fmcLab()
  const broken = { ...fmcConfig(), region: 'moon' } as never
  await expect(lab.sim.run(() => startFmc(lab.fmcWorld, broken))).rejects.toMatchObject({
    code: 'LAB_BAD_INPUT',
    message: expect.stringContaining('region'),
  })
})
