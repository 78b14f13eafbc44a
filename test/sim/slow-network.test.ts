import { expect, test } from 'vitest'
import { compareDelivery, untilAcknowledged } from '../support/delivery.ts'
import { openLab, type OpenLab } from '../support/open-lab.ts'

const API = 'api-sse.cisco.com'
const INGEST = 'eventing-ingest.sse.itd.cisco.com'
const ACTION_QUEUE_LOG = '/ngfw/var/log/action_queue.log'
const MINUTE_MS = 60_000

/** What a command prints on the device, and how long it takes there. */
async function timed(lab: OpenLab, command: string): Promise<{ output: string; exitCode: number; tookMs: number }> {
  const startMs = lab.now()
  const { output, exitCode } = await lab.exec('ftd1', command, { shell: 'root' })
  return { output, exitCode, tookMs: lab.now() - startMs }
}

async function expectDelivered(lab: OpenLab): Promise<void> {
  await untilAcknowledged(lab, 'ftd1', 15 * MINUTE_MS)
  const { meant, ...wrong } = await compareDelivery(lab, 'ftd1')
  expect(wrong).toEqual({ missing: [], surplus: [], altered: [] })
  expect(meant).toBeGreaterThan(60)
}

test('a slow way to the region: ping shows it, curl takes long, canConnect gives up with 28, and the alert says so', async () => {
  await using lab = await openLab()
  expect((await timed(lab, `curl -v -k https://${API}`)).tookMs).toBe(0)
  const { id } = await lab.inject({ kind: 'net.delay', to: API, delayMs: 3_000 })

  const ping = await timed(lab, `ping -c 3 ${API}`)
  expect(ping.output.match(/time=60\d\d\.\d ms/g)).toHaveLength(3)
  expect(ping.output).toContain('3 packets transmitted, 3 received, 0% packet loss')
  const curl = await timed(lab, `curl -v -k https://${API}`)
  expect(curl.output).toContain(`* Connection #0 to host ${API} left intact`)
  // Connection, two round trips of TLS, request.
  expect(curl.tookMs).toBe(4 * 6_000)
  expect(await timed(lab, `curl -s -k --connect-timeout 10 -m 20 https://${API}`)).toMatchObject({ exitCode: 28, tookMs: 10_000 })
  await lab.until({
    see: 'cli',
    host: 'ftd1',
    run: `cat ${ACTION_QUEUE_LOG}`,
    match: 'canConnect.*Failed, curl returned 28',
    within: '10m',
  })
  await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
  // Only the way to the region is slow.
  await lab.sees({ see: 'events', device: 'ftd1', lost: 0, arriving: true })

  await lab.cure(id)
  expect((await timed(lab, `curl -v -k https://${API}`)).tookMs).toBe(0)
  expect((await timed(lab, `ping -c 1 ${API}`)).output).toMatch(/time=\d{1,2}\.\d+ ms/)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
  await expectDelivered(lab)
})

test('a slow way to eventing-ingest: events arrive, later, each once', async () => {
  await using lab = await openLab()
  const { id } = await lab.inject({ kind: 'net.delay', to: INGEST, from: 'ftd1', port: 443, delayMs: 3_000 })
  await lab.pass(MINUTE_MS)
  const counts = await lab.sees({ see: 'events', device: 'ftd1', lost: 0, arriving: true })
  expect(counts).toMatch(/lost 0, last stored [0-9] s ago/)
  await lab.exec('ftd1', 'pmtool restartbyid SSEConnector')
  await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: 'SYN_SENT', within: '1m' })
  await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: 'ESTABLISHED', within: '2m' })
  await expectDelivered(lab)
  await lab.cure(id)
  await expectDelivered(lab)
})

test('a way that loses everything is like one that drops everything', async () => {
  await using lab = await openLab()
  const { id } = await lab.inject({ kind: 'net.loss', to: API, percent: 100 })
  expect((await timed(lab, `ping -c 2 -W 1 ${API}`)).output).toContain('2 packets transmitted, 0 received, 100% packet loss')
  expect(await timed(lab, `curl -s -k --connect-timeout 10 -m 20 https://${API}`)).toMatchObject({ exitCode: 28, tookMs: 10_000 })
  await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
  await lab.cure(id)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
  expect((await timed(lab, `ping -c 1 ${API}`)).output).toContain('1 received, 0% packet loss')
})

test('a way that loses three packets of ten: ping shows it, curl is slow now and then, and every event is stored once', async () => {
  await using lab = await openLab()
  const { id } = await lab.inject({ kind: 'net.loss', to: '203.0.113.0/24', percent: 30 })
  const [, received] = /50 packets transmitted, (\d+) received/.exec((await timed(lab, `ping -c 50 ${API}`)).output)!
  expect(Number(received)).toBeGreaterThan(12)
  expect(Number(received)).toBeLessThan(38)
  const tookMs: number[] = []
  for (let i = 0; i < 10; i++) {
    const curl = await timed(lab, `curl -s -k -o /dev/null https://${API}`)
    expect(curl.exitCode).toBe(0)
    tookMs.push(curl.tookMs)
  }
  expect(Math.max(...tookMs)).toBeGreaterThanOrEqual(1_000)
  await lab.exec('ftd1', 'pmtool restartbyid SSEConnector')
  await lab.pass(20 * MINUTE_MS)
  await expectDelivered(lab)
  await lab.cure(id)
  expect((await timed(lab, `ping -c 20 ${API}`)).output).toContain('20 packets transmitted, 20 received, 0% packet loss')
  await expectDelivered(lab)
})

test('with loss, one seed is one trace', async () => {
  const story = async () => {
    await using lab = await openLab({ seed: 11 })
    await lab.inject({ kind: 'net.loss', to: '203.0.113.0/24', percent: 30 })
    await lab.inject({ kind: 'net.delay', to: INGEST, delayMs: 150 })
    await lab.exec('ftd1', 'pmtool restartbyid SSEConnector')
    await lab.pass(10 * MINUTE_MS)
    return lab.traceHash!()
  }
  expect(await story()).toBe(await story())
})

test('a slow proxy: what goes through it takes long, also on connections that exist; nothing is lost', async () => {
  await using lab = await openLab({ internet: 'proxy' })
  const ask = (limits = '') => timed(lab, `curl -s -k ${limits} -o /dev/null --proxy http://192.0.2.80:3128 https://${API}`)
  expect((await ask()).tookMs).toBe(0)
  const { id, note } = await lab.inject({ kind: 'proxy.slow', delayMs: 3_000 })
  expect(note).toBeUndefined()
  // The request to the proxy, two round trips of TLS, the request to the region.
  expect(await ask()).toMatchObject({ exitCode: 0, tookMs: 3_000 + 3 * 6_000 })
  expect(await ask('--connect-timeout 10 -m 20')).toMatchObject({ exitCode: 28 })
  await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
  await lab.sees({ see: 'events', device: 'ftd1', lost: 0, arriving: true })
  await lab.cure(id)
  expect((await ask()).tookMs).toBe(0)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
  await expectDelivered(lab)
})
