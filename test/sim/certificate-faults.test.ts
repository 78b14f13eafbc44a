import { describe, expect, test } from 'vitest'
import { compareDelivery, untilAcknowledged } from '../support/delivery.ts'
import { openLab, type OpenLab } from '../support/open-lab.ts'

const ACTION_QUEUE_LOG = 'cat /ngfw/var/log/action_queue.log'
const CONNECTOR_LOG = 'cat /ngfw/var/log/connector/connector.log'
const CONTEXT = 'curl -s http://localhost:8989/v1/contexts/default'
const TRUSTING = 'curl -s --cacert /ngfw/etc/ssl/connectorCA.pem -o /dev/null https://api-sse.cisco.com'
const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority"$'
const BAD_DATE = 'x509: certificate has expired or is not yet valid"$'
const MINUTE_MS = 60_000

const root = (lab: OpenLab, command: string) => lab.exec('ftd1', command, { shell: 'root' })

/** What curl says in its last word about the API, with the connector's own certificates. */
async function curlSays(lab: OpenLab): Promise<string> {
  const { exitCode, stderr } = await root(lab, TRUSTING.replace('-s', '-sS'))
  return exitCode === 0 ? 'good' : stderr.split('\n')[0]!
}

/** The probe and the connector complain in these words, and the alert comes. The connection that there was is cut first, for it outlives every such fault. */
async function expectComplaints(lab: OpenLab, probe: string, connector: string): Promise<void> {
  await root(lab, 'pmtool restartbyid SSEConnector')
  await lab.until({ see: 'cli', host: 'ftd1', run: ACTION_QUEUE_LOG, match: probe, within: '10m' })
  await lab.until({ see: 'cli', host: 'ftd1', run: CONNECTOR_LOG, match: connector, within: '10m' })
  await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '15m' })
}

/** All is well again without further help, and everything that the device detected is in the cloud, once. */
async function expectHealed(lab: OpenLab): Promise<void> {
  expect(await curlSays(lab)).toBe('good')
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '15m' })
  const complaints = (await root(lab, ACTION_QUEUE_LOG)).stdout
  await lab.pass(10 * MINUTE_MS)
  expect((await root(lab, ACTION_QUEUE_LOG)).stdout).toBe(complaints)
  await untilAcknowledged(lab, 'ftd1', 15 * MINUTE_MS)
  const { meant, ...wrong } = await compareDelivery(lab, 'ftd1')
  expect(wrong).toEqual({ missing: [], surplus: [], altered: [] })
  expect(meant).toBeGreaterThan(60)
}

describe('a wrong clock', () => {
  test.each([
    ['-400d', 'Sun Dec  1 08:', '2024', 'certificate is not yet valid'],
    ['+2y', 'Wed Jan  5 08:', '2028', 'certificate has expired'],
  ])('of a device (%s) refuses good certificates, over a reboot too, and not once it is set right', async (by, day, year, verdict) => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'time.wrong', host: 'ftd1', by })
    expect(await curlSays(lab)).toBe(`curl: (60) SSL certificate problem: ${verdict}`)
    expect((await root(lab, 'curl -s -k https://api-sse.cisco.com')).stdout).toBe('Forbidden')
    await expectComplaints(lab, 'canConnect: .* Failed, curl returned 60 at', BAD_DATE)
    // The manager's own authority is older than the lab, and lasts longer.
    await lab.sees({ see: 'cli', host: 'ftd1', run: 'sftunnel-status-brief', match: '^Peer channel Channel-A' })
    await root(lab, 'reboot')
    await lab.pass(5 * MINUTE_MS)
    expect((await root(lab, 'date')).stdout).toMatch(new RegExp(`^${day}.* ${year}\n$`))
    await lab.cure(id)
    expect((await root(lab, 'date +%s')).stdout).toBe(`${Math.floor(lab.now() / 1_000)}\n`)
    await expectHealed(lab)
  })

  test('of a device is set right by hand, from what the cloud says the time is', async () => {
    await using lab = await openLab()
    await lab.inject({ kind: 'time.wrong', host: 'ftd1', by: '-400d' })
    const theTime = "curl -skI https://api-sse.cisco.com | grep '^Date:' | cut -d' ' -f2-"
    expect((await lab.exec('ftd1', `date -s "$(${theTime})"`, { shell: 'expert' })).stderr).toBe(
      'date: cannot set date: Operation not permitted\n',
    )
    expect(await lab.exec('ftd1', `sudo date -s "$(${theTime})"`, { shell: 'expert' })).toMatchObject({ exitCode: 0, stderr: '' })
    await expectHealed(lab)
  })

  test('of the manager lets no device register', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'time.wrong', host: 'fmc', by: '-400d' })
    expect((await lab.exec('fmc', 'date +%Y', { shell: 'root' })).stdout).toBe('2024\n')
    await root(lab, 'curl -s -X DELETE http://localhost:8989/v1/contexts/default')
    await lab.until({
      see: 'cli',
      host: 'ftd1',
      run: ACTION_QUEUE_LOG,
      match: 'enroll: no registration token: .*certificate',
      within: '10m',
    })
    await lab.sees({ see: 'cli', host: 'ftd1', run: CONTEXT, match: 'Enrolled', not: true })
    await lab.cure(id)
    await lab.until({ see: 'cli', host: 'ftd1', run: CONTEXT, match: 'Enrolled', within: '10m' })
  })
})

describe('a certificate of the cloud', () => {
  test('that has expired is refused, but by a device whose clock is as old as it is', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'tls.expired', name: 'api-sse.cisco.com' })
    expect(await curlSays(lab)).toBe('curl: (60) SSL certificate problem: certificate has expired')
    const trace = (await root(lab, 'curl -v -k https://api-sse.cisco.com')).stderr
    expect(trace).toContain('*        expire date: 2021-12-03 21:07:00 GMT\n')
    expect(trace).toContain('*        issuer: C=US; O=HydrantID (Avalanche Cloud Corporation); CN=HydrantID SSL ICA G2\n')
    await expectComplaints(lab, 'canConnect: .* Failed, curl returned 60 at', BAD_DATE)
    const clock = await lab.inject({ kind: 'time.wrong', host: 'ftd1', by: '-5y' })
    expect(await curlSays(lab)).toBe('good')
    await lab.cure(clock.id)
    await lab.cure(id)
    await expectHealed(lab)
  })

  test('of an unknown authority is refused, and shows its issuer', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'tls.unknown-authority', name: 'api-sse.cisco.com' })
    expect(await curlSays(lab)).toBe('curl: (60) SSL certificate problem: self signed certificate in certificate chain')
    const trace = (await root(lab, 'curl -v -k https://api-sse.cisco.com')).stderr
    expect(trace).toContain('*        issuer: C=US; O=IdenTrust; OU=HydrantID Trusted Certificate Service; CN=HydrantID Server CA O1\n')
    await expectComplaints(lab, 'canConnect: .* Failed, curl returned 60 at', UNKNOWN_AUTHORITY)
    await lab.cure(id)
    await expectHealed(lab)
  })

  test('for events alone stops the events alone', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'tls.expired', name: 'eventing-ingest.sse.itd.cisco.com' })
    await root(lab, 'pmtool restartbyid SSEConnector')
    await lab.until({ see: 'cli', host: 'ftd1', run: CONNECTOR_LOG, match: `events:connectWebSocket\\] ${BAD_DATE}` })
    expect(await curlSays(lab)).toBe('good')
    await lab.cure(id)
    await expectHealed(lab)
  })
})

describe('a missing store of certificates', () => {
  test('of the connector: curl ends with 77, the connector knows no authority, the probe is content', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'device.ca-missing', host: 'ftd1', bundle: 'connector' })
    expect(await curlSays(lab)).toBe('curl: (77) error setting certificate verify locations:')
    await root(lab, 'pmtool restartbyid SSEConnector')
    await lab.until({ see: 'cli', host: 'ftd1', run: CONNECTOR_LOG, match: UNKNOWN_AUTHORITY })
    await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '15m' })
    expect((await root(lab, ACTION_QUEUE_LOG)).stdout).toBe('')
    await lab.cure(id)
    await expectHealed(lab)
  })

  test('of the probe: canConnect says curl returned 60 while the connector’s own test works', async () => {
    await using lab = await openLab()
    const { id } = await lab.inject({ kind: 'device.ca-missing', host: 'ftd1', bundle: 'can-connect' })
    await lab.until({ see: 'cli', host: 'ftd1', run: ACTION_QUEUE_LOG, match: 'canConnect: .* Failed, curl returned 60 at', within: '10m' })
    expect(await curlSays(lab)).toBe('good')
    await lab.sees({ see: 'events', device: 'ftd1', lost: 0, arriving: true })
    await lab.cure(id)
    await expectHealed(lab)
  })
})

test('a proxy that inspects TLS is an authority that nobody knows, and curl -k shows whose it is', async () => {
  await using lab = await openLab({ internet: 'proxy' })
  const { id } = await lab.inject({ kind: 'proxy.inspect' })
  const viaProxy = 'curl -v -x http://192.0.2.80:3128 --cacert /ngfw/etc/ssl/connectorCA.pem https://api-sse.cisco.com'
  const refused = await root(lab, viaProxy)
  expect(refused.exitCode).toBe(60)
  expect(refused.stderr).toContain('* SSL certificate problem: self signed certificate in certificate chain\n')
  const insecure = await root(lab, `${viaProxy} -k`)
  expect([insecure.exitCode, insecure.stdout]).toEqual([0, 'Forbidden'])
  expect(insecure.stderr).toContain('*        issuer: O=Example Customer; CN=Web Proxy Inspection CA\n')
  await expectComplaints(lab, 'canConnect: .* Failed, curl returned 60 at', UNKNOWN_AUTHORITY)
  await lab.cure(id)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '15m' })
  await lab.until({ see: 'events', device: 'ftd1', lost: 0, arriving: true, within: '10m' })
})
