import { afterEach, describe, expect, test } from 'vitest'
import { REGIONS } from '../../../shared/contract/region.ts'
import { cloudOn, startFakeEstate, untilHealthy, type Before, type FakeEstate } from './fake-estate.ts'

const open: FakeEstate[] = []
afterEach(async () => {
  for (const estate of open.splice(0)) await estate.sim.close()
})

async function healthy(before?: Before): Promise<FakeEstate> {
  const estate = await startFakeEstate({ traffic: [{ type: 'intrusion', ratePerSecond: 1 }] }, before)
  open.push(estate)
  await untilHealthy(estate)
  return estate
}

const PMTOOL = '/ngfw/usr/local/sf/bin/pmtool'
const SOCKET = '/ngfw/var/sf/run/EventHandler_SSEConnector.sock'
const { us } = REGIONS

/** The messages of connector.log, as they read after unquoting, without their brackets. */
async function messages(estate: FakeEstate, level: 'error' | 'info'): Promise<string[]> {
  const lines = (await estate.read('/ngfw/var/log/connector/connector.log')).trimEnd().split('\n')
  return lines
    .filter((line) => line.includes(` level=${level} `))
    .map((line) => line.slice(line.indexOf('msg="') + 5, -1).replace(/^\[ftd1\.lab\.example\]/, ''))
}

const pidOf = async (estate: FakeEstate, command: string) =>
  (await estate.world.processes.list()).find((row) => row.command === command)!.pid

describe('the local API', () => {
  const ask = (estate: FakeEstate, ...args: string[]) => estate.run('/usr/bin/curl', ['-s', '-w', ' %{http_code}', ...args])

  test('shows, creates, activates and deletes the default context with the documented statuses', async () => {
    const estate = await healthy()
    const url = 'localhost:8989/v1/contexts/default'
    const body = JSON.stringify({
      clientInfo: { name: 'x', guid: 'g', ip: '192.0.2.27', extra: 1 },
      settings: { exchange: { fqdn: us.api, registration: { refreshInterval: 180 } } },
    })
    expect(await ask(estate, `${url}/status`)).toBe('{"status":"Enrolled"}\n 200')
    expect(await ask(estate, `${url}/tenant`)).toContain('"registeredTenantInfo":{"companyId":"tenant-1","companyName":"Lab"')
    expect(await ask(estate, '-X', 'POST', '-d', body, 'localhost:8989/v1/contexts/')).toBe('{"error":"context already exists"}\n 409')
    expect(await ask(estate, '-X', 'DELETE', url)).toBe(' 204')
    expect(await ask(estate, url)).toBe('{"error":"context not found"}\n 404')
    expect(await ask(estate, 'localhost:8989/v1/contexts')).toBe('[]\n 200')
    expect(await ask(estate, '-X', 'POST', '-d', body, 'localhost:8989/v1/contexts/')).toContain('"status":{"status":"Created"}}\n 201')
    expect(await ask(estate, '-X', 'POST', '-d', '{"token":"t"}', `${url}/activations`)).toBe('{"status":"Activating"}\n 200')
    expect(JSON.parse(await estate.run('/usr/bin/curl', ['-s', url]))).toMatchObject({
      id: 'default',
      clientInfo: { name: 'x', extra: 1 },
      status: { status: 'Enrolled' },
    })
  })

  test('answers bad requests without harm, and 501 for what is not emulated', async () => {
    const estate = await healthy()
    const url = 'localhost:8989/v1/contexts'
    await ask(estate, '-X', 'DELETE', `${url}/default`)
    expect(await ask(estate, '-X', 'POST', '-d', '{', url)).toMatch(/^\{"error":"not JSON: .*\} *\n? 400$|^\{"error":"not JSON: .*\n 400$/)
    expect(await ask(estate, '-X', 'POST', '-d', 'null', url)).toContain(' 400')
    expect(await ask(estate, '-X', 'POST', '-d', '{"clientInfo":{}}', url)).toContain('clientInfo.name')
    expect(await ask(estate, '-X', 'POST', '-d', '{"token":1}', `${url}/default/activations`)).toContain(' 404')
    expect(await ask(estate, '-X', 'PATCH', url)).toBe(' 405')
    expect(await ask(estate, `${url}/default/services/token`)).toContain('LAB_NOT_EMULATED')
    expect(await ask(estate, `${url}/default/services/token`)).toContain(' 501')
    expect(await ask(estate, 'localhost:8989/nothing')).toBe('404 page not found\n 404')
    expect(await ask(estate, '-X', 'POST', 'localhost:8989/v1/action?type=explode')).toContain(' 400')
  })

  test('refuses connections while the connector is stopped', async () => {
    const estate = await healthy()
    await estate.run(PMTOOL, ['disablebyid', 'SSEConnector'])
    expect(await estate.run('/usr/bin/curl', ['localhost:8989/v1/contexts/default'])).toContain(
      '(7) Failed to connect to localhost port 8989',
    )
  })

  test('moves to another port with connector_port, where nobody looks for it', async () => {
    const estate = await healthy()
    const path = '/ngfw/etc/sf/connector.properties'
    await estate.world.files.write(path, (await estate.read(path)).replace('8989', '8990'))
    await estate.run(PMTOOL, ['restartbyid', 'SSEConnector'])
    await estate.sim.advance(5_000)
    expect(await ask(estate, 'localhost:8990/v1/contexts/default/status')).toContain(' 200')
    await estate.sim.advance(60_000)
    expect(await estate.read('/ngfw/var/log/action_queue.log')).toContain('connector: ')
  })

  test('cannot start on a port that another program has, and starts when it is free', async () => {
    const estate = await healthy()
    await estate.run(PMTOOL, ['disablebyid', 'SSEConnector'])
    const thief = await estate.sim.run(() => estate.world.net.listen({ address: '127.0.0.1', port: 8989 }, (conn) => conn.destroy()))
    await estate.run(PMTOOL, ['enablebyid', 'SSEConnector'])
    await estate.sim.advance(2_000)
    expect(await messages(estate, 'error')).toContain('[server.go:68 server:Start] listen tcp 127.0.0.1:8989: bind: address already in use')
    await estate.sim.run(async () => thief[Symbol.asyncDispose]())
    await untilHealthy(estate)
  })

  test('shuts down and forgets on the documented actions', async () => {
    const estate = await healthy()
    const before = await pidOf(estate, 'connector')
    expect(await ask(estate, '-X', 'POST', 'localhost:8989/v1/action?type=reset')).toBe(' 200')
    expect(await ask(estate, 'localhost:8989/v1/contexts')).toBe('[]\n 200')
    await ask(estate, '-X', 'POST', 'localhost:8989/v1/action?type=shutdown')
    await estate.sim.advance(2_000)
    expect(await pidOf(estate, 'connector')).not.toBe(before)
  })
})

describe('the events service', () => {
  const MISSING = `[service.go:63 events:(*Service).Start] Could not connect to ZeroMQ PUSH endpoint: could not dial to \\"ipc://${SOCKET}\\": dial unix ${SOCKET}: connect: no such file or directory\\n`

  test('logs the documented line when EventHandler has no socket, and again at each registration interval', async () => {
    const estate = await healthy()
    await estate.world.files.remove(SOCKET)
    await estate.sim.advance(2_000)
    expect(await messages(estate, 'error')).toEqual([]) // The living connection goes on.
    await estate.run(PMTOOL, ['restartbyid', 'SSEConnector'])
    await estate.sim.advance(181_000)
    expect(await messages(estate, 'error')).toEqual([MISSING, MISSING])
    expect(await estate.run('/bin/netstat', ['-anp'])).not.toMatch(/CONNECTED .*EventHandler_SSEConnector/)
    await estate.run(PMTOOL, ['restartbyid', 'EventHandler'])
    await untilHealthy(estate, 181_000)
    await estate.sim.advance(2_000)
    expect(new Set(estate.cloud.arrived).size).toBe(Math.max(...estate.cloud.arrived))
  })

  test('dials a lost EventHandler every five seconds until it is back', async () => {
    const estate = await healthy()
    await estate.world.processes.kill(await pidOf(estate, 'EventHandler'), 'SIGKILL')
    await estate.sim.advance(10_000)
    await untilHealthy(estate, 1_000)
    expect(await messages(estate, 'error')).toEqual([])
    await estate.run(PMTOOL, ['disablebyid', 'EventHandler'])
    await estate.sim.advance(12_000)
    expect(await messages(estate, 'error')).toEqual([MISSING, MISSING])
    await estate.run(PMTOOL, ['enablebyid', 'EventHandler'])
    await untilHealthy(estate, 10_000)
  })

  test('says connection refused for a socket that a killed EventHandler left behind', async () => {
    const estate = await healthy()
    // Killed three times, it is away for four seconds when the connector dials again.
    for (const delayMs of [1_000, 2_000, 3_000]) {
      await estate.world.processes.kill(await pidOf(estate, 'EventHandler'), 'SIGKILL')
      await estate.sim.advance(delayMs)
    }
    expect((await messages(estate, 'error'))[0]).toBe(MISSING.replace('no such file or directory', 'connection refused'))
  })
})

describe('the WebSocket', () => {
  test('fails as documented when nothing answers: an error for the first address after both were tried, then a pause of 1 to 50 s', async () => {
    const estate = await healthy(({ resolve }) => resolve({ [us.ingest]: ['192.0.2.42'] }))
    await estate.resolve({ [us.ingest]: ['203.0.113.246', '203.0.113.234'] })
    await estate.run(PMTOOL, ['restartbyid', 'SSEConnector'])
    await estate.sim.advance(5_000)
    expect(await estate.run('/usr/bin/lsof', ['-i'])).toMatch(/connector +\d+ +www .* TCP 192\.0\.2\.27:\d+->.*:https \(SYN_SENT\)/)
    await estate.sim.advance(1_200_000)
    const log = (await estate.read('/ngfw/var/log/connector/connector.log'))
      .split('\n')
      .filter((line) => line.includes('connectWebSocket] dial'))
    expect(log[0]).toMatch(
      /^time="2026-01-05T12:0\d:\d\d\.\d{1,9}\+00:00" level=error msg="\[ftd1\.lab\.example\]\[events\.go:90 events:connectWebSocket\] dial tcp 203\.0\.113\.246:443: getsockopt: connection timed out"$/,
    )
    const times = log.map((line) => Date.parse(line.slice(6, 29) + 'Z'))
    const gaps = times.slice(1).map((time, index) => time - times[index]!)
    expect(gaps.length).toBeGreaterThanOrEqual(3)
    for (const gap of gaps) expect(gap).toSatisfy((ms: number) => ms >= 255_000 && ms <= 306_000)
  })

  test('gives up a cloud that answers no ping for 90 s, and delivers everything when it is back', async () => {
    const estate = await healthy()
    estate.cloud.answersPings = false
    estate.cloud.acknowledges = false
    await estate.sim.advance(89_000)
    expect(await messages(estate, 'error')).toEqual([])
    await estate.sim.advance(1_000)
    expect(await messages(estate, 'error')).toEqual([
      expect.stringMatching(/^\[events\.go:131 events:readWebSocket\] read tcp 192\.0\.2\.27:\d+->192\.0\.2\.42:443: i\/o timeout$/),
    ])
    estate.cloud.answersPings = true
    estate.cloud.acknowledges = true
    await untilHealthy(estate, 51_000)
    await estate.sim.advance(2_000)
    expect(new Set(estate.cloud.arrived).size).toBe(Math.max(...estate.cloud.arrived))
  })

  test('says what the cloud said when it closes, and comes back', async () => {
    const estate = await healthy()
    for (const socket of estate.cloud.sockets) socket.close(1001)
    await estate.sim.advance(100)
    expect(await messages(estate, 'error')).toEqual(['[events.go:131 events:readWebSocket] websocket: close 1001 (going away)'])
    await untilHealthy(estate, 51_000)
    await estate.sim.advance(2_000)
    expect(new Set(estate.cloud.arrived).size).toBe(Math.max(...estate.cloud.arrived))
  })

  test('is not opened while the cloud is switched off', async () => {
    const estate = await startFakeEstate({}, ({ fmc }) => (fmc.settings = cloudOn({ enabled: false })))
    open.push(estate)
    await estate.sim.advance(60_000)
    expect(estate.cloud.sockets.size).toBe(0)
  })
})
