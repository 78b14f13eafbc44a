import { afterEach, describe, expect, test } from 'vitest'
import { REGIONS } from '../../../shared/contract/region.ts'
import { startFtd } from '../../../services/ftd/index.ts'
import { cloudOn, startFakeEstate, untilHealthy, type FakeEstate } from './fake-estate.ts'

const open: FakeEstate[] = []
afterEach(async () => {
  for (const estate of open.splice(0)) await estate.sim.close()
})

async function start(...given: Parameters<typeof startFakeEstate>): Promise<FakeEstate> {
  const estate = await startFakeEstate(...given)
  open.push(estate)
  return estate
}

async function healthy(...given: Parameters<typeof startFakeEstate>): Promise<FakeEstate> {
  const estate = await start(...given)
  await untilHealthy(estate)
  return estate
}

const PMTOOL = '/ngfw/usr/local/sf/bin/pmtool'
const ACTION_QUEUE = '/ngfw/var/log/action_queue.log'
const CONNECTOR_LOG = '/ngfw/var/log/connector/connector.log'
const DROPPED = ['203.0.113.246', '203.0.113.234']

describe('a device', () => {
  test('comes up, enrols with one probe and one registration, and delivers what its engine sees', async () => {
    const estate = await healthy({ traffic: [{ type: 'intrusion', ratePerSecond: 1 }] })
    await estate.sim.advance(10_000)
    expect(estate.cloud.probes).toBe(1)
    expect(estate.cloud.registrations).toEqual([{ authorization: 'Bearer token-1', name: 'ftd1.lab.example' }])
    expect(estate.fmc.hellos).toMatchObject([
      { kind: 'hello', hostname: 'ftd1.lab.example', address: '192.0.2.27', registrationKey: 'key-ftd1' },
    ])
    expect(estate.cloud.arrived).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('says what it still waits for', async () => {
    const estate = await start({}, ({ cloud }) => (cloud.registrationStatus = 503))
    await estate.sim.advance(10_000)
    const health = await estate.sim.run(() => estate.ftd.health())
    expect(health.healthy).toBe(false)
    expect(health.waitingFor).toEqual([
      'the device is not enrolled with the cloud (EnrollmentFailed)',
      'the connector is not attached to EventHandler',
      'the connector has no connection to the cloud',
    ])
  })

  test('keeps its files, its identity and its context when it is started again', async () => {
    const estate = await healthy()
    const uuid = estate.fmc.hellos[0]!
    await estate.sim.run(async () => estate.ftd[Symbol.asyncDispose]())
    await estate.world.files.write('/etc/hostname', 'renamed\n')
    const again = await estate.sim.run(() =>
      startFtd(estate.world, {
        hostname: 'ftd1',
        dnsServers: [],
        manager: { address: '192.0.2.99', registrationKey: 'another' },
        connectorCaPem: 'another',
        fmcCaPem: 'another',
      }),
    )
    await untilHealthy({ ...estate, ftd: again })
    expect(estate.fmc.hellos[1]).toEqual({ ...uuid, hostname: 'renamed' })
    expect(estate.fmc.tokensMinted).toBe(1)
  })

  test('refuses a configuration that does not fit, naming what is wrong', async () => {
    const { sim, world } = await start()
    await expect(sim.run(() => startFtd(world, { hostname: 'x' } as never))).rejects.toMatchObject({
      code: 'LAB_BAD_INPUT',
      message: expect.stringContaining('dnsServers') as string,
    })
  })

  test('is back after a reboot, with its socket attached and its registration kept', async () => {
    const estate = await healthy({ traffic: [{ type: 'intrusion', ratePerSecond: 1 }] })
    await estate.run('/sbin/reboot', [])
    await estate.sim.advance(5_000)
    expect((await estate.sim.run(() => estate.ftd.health())).healthy).toBe(false)
    await untilHealthy(estate)
    await estate.sim.advance(5_000)
    expect(estate.fmc.tokensMinted).toBe(1)
    expect(estate.cloud.registrations).toHaveLength(1)
    expect(new Set(estate.cloud.arrived).size).toBe(Math.max(...estate.cloud.arrived))
  })
})

describe('enrolment', () => {
  test('logs the documented line when the region does not answer, and enrols within a minute when it does again', async () => {
    const estate = await start({}, ({ resolve }) => resolve({ [REGIONS.us.api]: DROPPED }))
    await estate.sim.advance(12_000)
    expect((await estate.read(ACTION_QUEUE)).trimEnd()).toMatch(
      /^Jan {2}5 12:00:10 ftd1 ActionQueueScrape\.pl\[\d+\]: \[SF::SSE::Enrollment\] canConnect: System \(\/usr\/bin\/curl -s --connect-timeout 10 -m 20 -L --max-redirs 5 --max-filesize 104857600 --capath \/ngfw\/etc\/sf\/keys\/fireamp\/thawte_roots -f https:\/\/api-sse\.cisco\.com\/providers\/sse\/api\/v1\/regions\) Failed, curl returned 28 at \/ngfw\/usr\/local\/sf\/lib\/perl\/5\.10\.1\/SF\/System\.pm line 10477\.$/,
    )
    await estate.resolve({})
    await untilHealthy(estate, 61_000)
  })

  test('logs curl 6 when the name does not resolve', async () => {
    const estate = await start({}, ({ resolve }) => resolve({ [REGIONS.us.api]: [] }))
    await estate.sim.advance(30_000)
    expect(await estate.read(ACTION_QUEUE)).toContain('Failed, curl returned 6 at')
  })

  test('goes through the proxy that is configured, and keeps its password out of the log', async () => {
    const estate = await start({ proxy: { host: '192.0.2.80', port: 3128, user: 'lab', password: 'secret' } })
    await estate.sim.advance(30_000)
    const log = await estate.read(ACTION_QUEUE)
    expect(log).toContain('-x 192.0.2.80:3128 -U lab:**** -f https://api-sse.cisco.com/')
    expect(log).toContain('curl returned 7 at')
  })

  test('says why there is no token', async () => {
    const estate = await start({}, ({ fmc }) => (fmc.tokenError = 'the licence is in evaluation mode'))
    await estate.sim.advance(10_000)
    expect(await estate.read(ACTION_QUEUE)).toContain(
      '[SF::SSE::Enrollment] enroll: no registration token: the licence is in evaluation mode\n',
    )
    estate.fmc.tokenError = undefined
    await untilHealthy(estate, 61_000)
  })

  test('takes the context away when the manager switches the cloud off, and enrols anew when it is on again', async () => {
    const estate = await healthy({ traffic: [{ type: 'intrusion', ratePerSecond: 1 }] })
    estate.fmc.settings = cloudOn({ revision: 2, enabled: false })
    estate.fmc.broadcast()
    await estate.sim.advance(5_000)
    expect(JSON.parse(await estate.run('/usr/bin/curl', ['-s', 'localhost:8989/v1/contexts']))).toEqual([])
    expect(estate.cloud.sockets.size).toBe(0)
    const delivered = estate.cloud.arrived.length
    await estate.sim.advance(5_000)
    expect(estate.cloud.arrived).toHaveLength(delivered)
    estate.fmc.settings = cloudOn({ revision: 3 })
    estate.fmc.broadcast()
    await untilHealthy(estate)
    await estate.sim.advance(5_000)
    expect(estate.cloud.registrations.at(-1)?.authorization).toBe('Bearer token-2')
    expect(new Set(estate.cloud.arrived).size).toBe(Math.max(...estate.cloud.arrived))
  })

  test('fails with a wrong connector_fqdn and recovers when the file is right again', async () => {
    const estate = await healthy()
    const path = '/ngfw/etc/sf/connector.properties'
    const right = await estate.read(path)
    await estate.world.files.write(path, right.replace('connector_fqdn=api-sse.cisco.com', 'connector_fqdn=api-sse.cisco.con'))
    await estate.sim.advance(10_000)
    expect(await estate.read(CONNECTOR_LOG)).toContain(
      'Post https://api-sse.cisco.con/providers/sse/services/registration/api/v2/clients: dial tcp: lookup',
    )
    expect((await estate.sim.run(() => estate.ftd.health())).healthy).toBe(false)
    await estate.world.files.write(path, right)
    await untilHealthy(estate)
  })

  test('follows the manager to another region', async () => {
    const estate = await healthy()
    await estate.resolve({ [REGIONS.eu.api]: ['192.0.2.41'] })
    const { eu } = REGIONS
    estate.fmc.settings = cloudOn({ revision: 2, region: { id: eu.id, name: eu.name, fqdn: eu.api, ingest: eu.ingest } })
    estate.fmc.broadcast()
    await estate.sim.advance(10_000)
    expect(await estate.read('/ngfw/etc/sf/connector.properties')).toContain('connector_fqdn=api.eu.sse.itd.cisco.com\n')
    expect(await estate.read(ACTION_QUEUE)).toContain(
      '-f https://api.eu.sse.itd.cisco.com/providers/sse/api/v1/regions) Failed, curl returned 51',
    )
  })

  test('leaves a context alone that the cloud no longer knows', async () => {
    const estate = await healthy()
    estate.cloud.registrationStatus = 401
    await estate.sim.advance(600_000)
    expect(JSON.parse(await estate.run('/usr/bin/curl', ['-s', 'localhost:8989/v1/contexts/default/status']))).toEqual({
      status: 'Deregistered',
    })
    expect(estate.fmc.tokensMinted).toBe(1)
    estate.cloud.registrationStatus = 201
    await estate.run('/usr/bin/curl', ['-s', '-X', 'DELETE', 'localhost:8989/v1/contexts/default'])
    await untilHealthy(estate)
    expect(estate.fmc.tokensMinted).toBe(2)
  })
})

describe('health', () => {
  const newest = (estate: FakeEstate) => Object.fromEntries(estate.fmc.reports.at(-1)!.reports.map((report) => [report.module, report]))

  test('is reported soon after the start and every five minutes, green when all is well', async () => {
    const estate = await start()
    await estate.sim.advance(660_000)
    expect(estate.fmc.reports.map(({ reports }) => reports.map(({ status }) => status))).toEqual(
      Array.from({ length: 3 }, () => ['GREEN', 'GREEN', 'GREEN']),
    )
  })

  test('is red with the documented words when the cloud cannot be reached, also when the device is enrolled', async () => {
    const estate = await healthy()
    await estate.resolve({ [REGIONS.us.api]: [] })
    await estate.sim.advance(60_000)
    expect(newest(estate)['THREAT_DATA_UPDATES']).toMatchObject({
      status: 'RED',
      description: 'Threat Data Updates - Cisco Cloud Configuration - Failure',
    })
    expect(newest(estate)['CONN_STATUS_SSE']).toMatchObject({ status: 'GREEN' })
  })

  test('is red when the cloud is switched off, as expected', async () => {
    const estate = await start({}, ({ fmc }) => (fmc.settings = cloudOn({ enabled: false })))
    await estate.sim.advance(60_000)
    expect(newest(estate)['THREAT_DATA_UPDATES']).toMatchObject({ status: 'RED' })
    expect((await estate.sim.run(() => estate.ftd.health())).healthy).toBe(true)
  })

  test('names daemons that do not run', async () => {
    const estate = await healthy()
    await estate.run(PMTOOL, ['disablebyid', 'SSEConnector'])
    await estate.sim.advance(60_000)
    expect(newest(estate)['PROCESS']).toMatchObject({ status: 'RED', description: 'Process Status - SSEConnector - User Disabled' })
    expect(newest(estate)['THREAT_DATA_UPDATES']).toMatchObject({ status: 'RED' })
  })

  test('reports a module that the policy switches off as disabled, at once', async () => {
    const estate = await healthy()
    await estate.sim.advance(60_000)
    estate.fmc.policy = { runIntervalMs: 300_000, modules: { THREAT_DATA_UPDATES: false } }
    estate.fmc.broadcast()
    await estate.sim.advance(1_000)
    expect(newest(estate)['THREAT_DATA_UPDATES']).toMatchObject({ status: 'DISABLED' })
  })
})

describe('the management channel', () => {
  test('sends heartbeats, comes back after a loss and hands over the newest health then', async () => {
    const estate = await healthy()
    await estate.sim.advance(120_000)
    const state = JSON.parse(await estate.read('/ngfw/var/sf/run/sftunnel.json')) as Record<string, number>
    expect(state['heartbeatReceived']).toBe(state['heartbeatSent'])
    const reports = estate.fmc.reports.length
    estate.fmc.drop()
    await estate.sim.advance(1_000)
    const lost = JSON.parse(await estate.read('/ngfw/var/sf/run/sftunnel.json')) as Record<string, number>
    expect(lost['connectedSince']).toBeUndefined()
    expect(lost['lastDisconnect']).toBe(estate.sim.clock.now() - 1_000)
    await estate.sim.advance(10_000)
    expect(estate.fmc.hellos).toHaveLength(2)
    expect(estate.fmc.reports).toHaveLength(reports + 1)
  })
})
