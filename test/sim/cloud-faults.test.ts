import { describe, expect, test } from 'vitest'
import { DEFAULT_TRAFFIC, missing } from '../../services/lab/sim-lab.ts'
import { compareDelivery, untilAcknowledged } from '../support/delivery.ts'
import { openLab, type OpenLab } from '../support/open-lab.ts'

const ACTION_QUEUE_LOG = '/ngfw/var/log/action_queue.log'
const CONNECTOR_LOG = '/ngfw/var/log/connector/connector.log'
const MINUTE_MS = 60_000
const ESTABLISHED = String.raw`^connector .*:https \(ESTABLISHED\)$`

async function textOf(lab: OpenLab, path: string): Promise<string> {
  return (await lab.exec('ftd1', `cat ${path}`, { shell: 'root' })).stdout
}

/** The messages of connector.log, without time, level and host. */
async function connectorSays(lab: OpenLab): Promise<string[]> {
  const lines = (await textOf(lab, CONNECTOR_LOG)).split('\n').filter((line) => line.includes('level=error'))
  return lines.map((line) => /msg="\[ftd1\](.*)"$/.exec(line)![1]!)
}

/** How canConnect's curl ended, each time that it failed. */
async function canConnectCodes(lab: OpenLab): Promise<Set<number>> {
  return new Set(
    [...(await textOf(lab, ACTION_QUEUE_LOG)).matchAll(/canConnect: .*curl returned (\d+) at /g)].map((match) => Number(match[1])),
  )
}

/** All that was detected is in the cloud, once, also what had to wait. */
async function expectDelivered(lab: OpenLab, atLeast = 60): Promise<void> {
  await untilAcknowledged(lab, 'ftd1', 15 * MINUTE_MS)
  const { meant, ...wrong } = await compareDelivery(lab, 'ftd1')
  expect(wrong).toEqual({ missing: [], surplus: [], altered: [] })
  expect(meant).toBeGreaterThan(atLeast)
  await lab.sees({ see: 'events', device: 'ftd1', lost: 0, arriving: true })
}

async function expectWell(lab: OpenLab): Promise<void> {
  await lab.until({ see: 'alert', host: 'ftd1', module: 'cloud-configuration', is: 'green', within: '10m' })
  await lab.until({ see: 'alert', host: 'ftd1', module: 'sse-connection', is: 'green', within: '10m' })
  await lab.sees({ see: 'cloud', device: 'ftd1', registered: true })
  await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: ESTABLISHED, within: '2m' })
}

const REFRESH =
  '[contexts.go:173 contexts:(*Context).Refresh] Post https://api-sse.cisco.com/providers/sse/services/registration/api/v2/clients: '
const CONNECT = '[events.go:90 events:connectWebSocket] '
const READ = '[events.go:131 events:readWebSocket] '
const ENDS = String.raw`read tcp 192\.0\.2\.27:\d+->203\.0\.113\.\d+:443: `

describe('the API of the cloud', () => {
  test('that fails twice and then no more is tried again, and nobody has to cure anything', async () => {
    await using lab = await openLab()
    await lab.inject({ kind: 'cloud.unavailable', role: 'api', path: '/providers/sse/api/v1/regions', times: 2 })
    await lab.exec('ftd1', 'pmtool restartbyid ActionQueueScrape', { shell: 'root' })
    await lab.pass(MINUTE_MS)
    const failures = [...(await textOf(lab, ACTION_QUEUE_LOG)).matchAll(/canConnect: .*curl returned 22 at /g)]
    expect(failures).toHaveLength(2)
    await expectWell(lab)
    await expectDelivered(lab)
  })

  test.each([
    [
      'answers 503',
      { kind: 'cloud.unavailable', role: 'api' },
      /^< HTTP\/1\.1 503 Service Unavailable$/,
      0,
      22,
      /unexpected status 503 Service Unavailable$/,
    ],
    [
      'has had enough',
      { kind: 'cloud.rate-limited', role: 'api', region: 'us' },
      /^< Retry-After: 60$/,
      0,
      22,
      /unexpected status 429 Too Many Requests$/,
    ],
    [
      'says nothing',
      { kind: 'cloud.silent', role: 'api' },
      /^curl: \(28\) Operation timed out after 20000 milliseconds/,
      28,
      28,
      /Client\.Timeout exceeded while awaiting headers\)$/,
    ],
    ['resets', { kind: 'cloud.resets', role: 'api' }, /^curl: \(35\) /, 35, 35, new RegExp(`: ${ENDS}read: connection reset by peer$`)],
  ])(
    '%s: curl, canConnect and the alert show it, events flow on, and the device stays enrolled',
    async (_, fault, printed, exit, code, refresh) => {
      await using lab = await openLab()
      const { id } = await lab.inject(fault)
      const curl = await lab.exec('ftd1', 'curl -v -k -m 20 https://api-sse.cisco.com')
      expect(curl.output).toMatch(new RegExp(printed.source, 'm'))
      expect(curl.exitCode).toBe(exit)
      const alert = await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
      expect(alert).toBe('RED: Threat Data Updates - Cisco Cloud Configuration - Failure')
      await lab.until({ see: 'cli', host: 'ftd1', run: `cat ${ACTION_QUEUE_LOG}`, match: 'canConnect', within: '10m' })
      expect(await canConnectCodes(lab)).toEqual(new Set([code]))
      await lab.until({ see: 'cli', host: 'ftd1', run: `cat ${CONNECTOR_LOG}`, match: 'Refresh', within: '10m' })
      const said = await connectorSays(lab)
      expect(said.filter((line) => !line.startsWith(REFRESH))).toEqual([])
      expect(said[0]).toMatch(refresh)
      await lab.sees({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: ESTABLISHED })
      await lab.sees({ see: 'cli', host: 'ftd1', run: 'curl -s localhost:8989/v1/contexts/default', match: 'Enrolled' })

      await lab.cure(id)
      await expectWell(lab)
      await expectDelivered(lab)
    },
  )

  test('while it does not answer, the operator sees no events either, and is told why', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'cloud.unavailable', role: 'api' })
    const looked = lab.sees({ see: 'events', device: 'ftd1', lost: 0 })
    await expect(looked).rejects.toThrow('seen: the cloud answered 503 to ')
    expect(await missing(lab, { traffic: DEFAULT_TRAFFIC })).toEqual([expect.stringMatching(/^the cloud answered 503 to /)])
    await lab.cure(id)
    await lab.sees({ see: 'events', device: 'ftd1', lost: 0 })
  })

  test('of another region concerns nobody here', async () => {
    await using lab = await openLab()
    await lab.inject({ kind: 'cloud.unavailable', role: 'api', region: 'eu' })
    await lab.inject({ kind: 'cloud.silent', role: 'ingest', region: 'apj' })
    await lab.pass(15 * MINUTE_MS)
    expect(await connectorSays(lab)).toEqual([])
    await expectWell(lab)
  })

  test('without registration alone: the probe is content, the refresh is not', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'cloud.unavailable', role: 'api', path: '/providers/sse/services/registration', status: 502 })
    await lab.pass(10 * MINUTE_MS)
    expect(await canConnectCodes(lab)).toEqual(new Set())
    expect(new Set(await connectorSays(lab))).toEqual(new Set([`${REFRESH}unexpected status 502 Bad Gateway`]))
    await lab.sees({ see: 'alert', host: 'ftd1', is: 'green' })
    await lab.cure(id)
    await expectDelivered(lab)
  })
})

describe('eventing-ingest', () => {
  test.each([
    ['is down', { kind: 'cloud.unavailable', role: 'ingest' }, /websocket: close 1001 \(going away\)$/, /websocket: bad handshake$/],
    [
      'has had enough',
      { kind: 'cloud.rate-limited', role: 'ingest' },
      /websocket: close 1001 \(going away\)$/,
      /websocket: bad handshake$/,
    ],
    ['says nothing', { kind: 'cloud.silent', role: 'ingest' }, new RegExp(`${ENDS}i/o timeout$`), /i\/o timeout$/],
    [
      'resets',
      { kind: 'cloud.resets', role: 'ingest' },
      /websocket: close 1006 \(abnormal closure\): unexpected EOF$/,
      new RegExp(`${ENDS}read: connection reset by peer$`),
    ],
  ])('%s: the connector says so again and again, events wait on the device and arrive once', async (_, fault, first, later) => {
    await using lab = await openLab()
    const { id } = await lab.inject(fault)
    await lab.until({ see: 'events', device: 'ftd1', arriving: false, within: '10m' })
    await lab.pass(10 * MINUTE_MS)
    const [lost, ...tries] = await connectorSays(lab)
    expect(lost).toMatch(first)
    expect(lost!.startsWith(READ)).toBe(true)
    expect(tries.length).toBeGreaterThan(5)
    for (const line of tries) {
      expect(line).toMatch(later)
      expect(line.startsWith(CONNECT)).toBe(true)
    }
    await lab.sees({ see: 'alert', host: 'ftd1', module: 'cloud-configuration', is: 'green' })
    await lab.sees({ see: 'cloud', device: 'ftd1', registered: true })
    expect(await canConnectCodes(lab)).toEqual(new Set())

    await lab.cure(id)
    await expectWell(lab)
    await expectDelivered(lab, 600)
  })

  test('is silent for half a minute: nobody notices, and everything is stored once', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'cloud.silent', role: 'ingest' })
    await lab.pass(MINUTE_MS / 2)
    await lab.cure(id)
    await lab.pass(MINUTE_MS)
    expect(await connectorSays(lab)).toEqual([])
    await expectDelivered(lab)
  })
})

describe('the account', () => {
  test('Eventing off: registered, green, no socket, no events; what waited arrives when it is on again', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'account.eventing-off', region: 'us' })
    await lab.until({ see: 'events', device: 'ftd1', arriving: false, within: '10m' })
    await lab.until({ see: 'alert', host: 'ftd1', module: 'sse-connection', is: 'red', within: '10m' })
    const [lost, ...tries] = await connectorSays(lab)
    expect(lost).toBe(`${READ}websocket: close 1008 (policy violation): eventing is off for this organisation`)
    expect(new Set(tries)).toEqual(new Set([`${CONNECT}websocket: bad handshake`]))
    await lab.sees({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: ESTABLISHED, not: true })
    await lab.sees({ see: 'cloud', device: 'ftd1', registered: true })
    await lab.sees({ see: 'alert', host: 'ftd1', module: 'cloud-configuration', is: 'green' })

    await lab.cure(id)
    await expectWell(lab)
    await expectDelivered(lab)
  })

  test('no security licences: the portal shows neither device nor events, and the device notices nothing', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'account.no-licences' })
    await lab.pass(10 * MINUTE_MS)
    await lab.sees({ see: 'cloud', device: 'ftd1', registered: false })
    await lab.sees({ see: 'events', device: 'ftd1', arriving: false })
    await lab.sees({ see: 'alert', host: 'ftd1', is: 'green' })
    expect(await connectorSays(lab)).toEqual([])
    await expect(lab.inject({ kind: 'account.device-removed', host: 'ftd1' })).rejects.toMatchObject({ code: 'LAB_BAD_INPUT' })

    await lab.cure(id)
    await expectWell(lab)
    await expectDelivered(lab, 600)
  })

  test('a removed device loses its socket at once and its enrolment at the next refresh; the cure enrols it under the same id', async () => {
    await using lab = await openLab()
    const before = await lab.exec('ftd1', 'curl -s localhost:8989/v1/contexts/default', { shell: 'root' })
    const { id } = await lab.inject({ kind: 'account.device-removed', host: 'ftd1' })
    await lab.sees({ see: 'cloud', device: 'ftd1', registered: false })
    await lab.until({ see: 'cli', host: 'ftd1', run: 'curl -s localhost:8989/v1/contexts/default', match: 'Deregistered', within: '5m' })
    const said = await connectorSays(lab)
    expect(said[0]).toBe(`${READ}websocket: close 1008 (policy violation): the device was removed`)
    expect(said.at(-1)).toBe(`${REFRESH}unexpected status 401 Unauthorized`)
    await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
    // It is left alone: somebody may have meant it.
    await lab.pass(20 * MINUTE_MS)
    await lab.sees({ see: 'cloud', device: 'ftd1', registered: false })
    expect(await connectorSays(lab)).toEqual(said)

    await lab.cure(id)
    await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: ESTABLISHED, within: '2m' })
    await expectWell(lab)
    const after = await lab.exec('ftd1', 'curl -s localhost:8989/v1/contexts/default', { shell: 'root' })
    expect(after.stdout).toBe(before.stdout)
    await expectDelivered(lab, 1_000)
  })

  test('the cure leaves a device alone that a learner has enrolled again', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'account.device-removed', host: 'ftd1' })
    await lab.exec('ftd1', 'curl -X DELETE localhost:8989/v1/contexts/default', { shell: 'root' })
    await lab.until({ see: 'cloud', device: 'ftd1', registered: true, within: '10m' })
    const log = (await textOf(lab, CONNECTOR_LOG)).length
    await lab.cure(id)
    expect((await textOf(lab, CONNECTOR_LOG)).slice(log)).not.toContain('deleted')
    await lab.pass(MINUTE_MS)
    await expectDelivered(lab)
  })

  test('a device that no portal shows cannot be removed', async () => {
    await using lab = await openLab()
    await lab.inject({ kind: 'account.device-removed', host: 'ftd1' })
    await expect(lab.inject({ kind: 'account.device-removed', host: 'ftd1' })).rejects.toMatchObject({
      code: 'LAB_BAD_INPUT',
      message: "ftd1 is on the Devices page of no region's portal: only what is registered and shown there can be removed",
    })
  })
})
