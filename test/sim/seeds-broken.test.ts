import { describe, expect, test } from 'vitest'
import { ADDRESSES } from '../../shared/contract/topology.ts'
import { compareDelivery, untilAcknowledged } from '../support/delivery.ts'
import { openLab, type OpenLab } from '../support/open-lab.ts'
import { play } from '../support/terminal.ts'
import { expectTranscript, transcript } from '../support/transcript.ts'

const ACTION_QUEUE_LOG = '/ngfw/var/log/action_queue.log'
const CONNECTOR_LOG = '/ngfw/var/log/connector/connector.log'
const MINUTE_MS = 60_000

async function expectPrinted(lab: OpenLab, name: string, shell: 'root' | 'clish' | 'expert' = 'root'): Promise<void> {
  const expected = transcript(name)
  expectTranscript(await play(lab, 'ftd1', expected, shell), expected)
}

async function linesOf(lab: OpenLab, path: string, containing = ''): Promise<string[]> {
  const { stdout } = await lab.exec('ftd1', `cat ${path}`, { shell: 'root' })
  return stdout.split('\n').filter((line) => line !== '' && line.includes(containing))
}

/** Everything that the device detected is in the cloud, once, also what had to wait. */
async function expectDelivered(lab: OpenLab): Promise<void> {
  await untilAcknowledged(lab, 'ftd1', 15 * MINUTE_MS)
  const { meant, ...wrong } = await compareDelivery(lab, 'ftd1')
  expect(wrong).toEqual({ missing: [], surplus: [], altered: [] })
  expect(meant).toBeGreaterThan(60)
  await lab.sees({ see: 'events', device: 'ftd1', lost: 0, arriving: true })
}

describe.each([
  ['configure network dns', 'heal-dns'],
  ['configure network dns servers', 'heal-dns-servers'],
])('a wrong DNS server, healed with %s', (_command, remedy) => {
  test('shows as documented, and heals without further help', async () => {
    await using lab = await openLab()
    await lab.inject({ kind: 'device.dns', host: 'ftd1', servers: [ADDRESSES.nobody] })
    await expectPrinted(lab, 'curl-not-resolved')
    await expectPrinted(lab, 'nslookup-timed-out')
    await expectPrinted(lab, 'show-network-wrong-dns', 'clish')
    // What has a connection keeps it; from now on events wait.
    await lab.exec('ftd1', 'pmtool restartbyid SSEConnector')
    await lab.until({ see: 'cli', host: 'ftd1', run: `cat ${ACTION_QUEUE_LOG}`, match: 'curl returned', within: '10m' })
    expectTranscript((await linesOf(lab, ACTION_QUEUE_LOG)).at(-1)!, transcript('can-connect-dns'))
    const alert = await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
    expect(alert).toBe('RED: Threat Data Updates - Cisco Cloud Configuration - Failure')

    await expectPrinted(lab, remedy, 'clish')
    await expectPrinted(lab, 'curl-api-sse')
    await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
    const complaints = await linesOf(lab, ACTION_QUEUE_LOG)
    await lab.pass(10 * MINUTE_MS)
    expect(await linesOf(lab, ACTION_QUEUE_LOG)).toEqual(complaints)
    await expectPrinted(lab, 'lsof-established')
    await expectDelivered(lab)
  })
})

test('no DNS server at all shows as a failed lookup, and heals by configuring one', async () => {
  await using lab = await openLab()
  await lab.inject({ kind: 'device.dns', host: 'ftd1', servers: [] })
  await expectPrinted(lab, 'curl-not-resolved')
  await expectPrinted(lab, 'show-network-no-dns', 'clish')
  await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
  await expectPrinted(lab, 'heal-dns-servers', 'clish')
  await expectPrinted(lab, 'show-network', 'clish')
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
})

test('a firewall that drops the way to the region: canConnect says curl returned 28, as documented', async () => {
  await using lab = await openLab({ region: 'eu' })
  const { id } = await lab.inject({ kind: 'net.drop', to: 'api.eu.sse.itd.cisco.com', port: 443 })
  await lab.until({ see: 'cli', host: 'ftd1', run: `cat ${ACTION_QUEUE_LOG}`, match: 'canConnect', within: '10m' })
  expectTranscript((await linesOf(lab, ACTION_QUEUE_LOG)).at(-1)!, transcript('can-connect'))
  await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
  await lab.cure(id)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
})

test('a missing socket: restarting the connector says why it fails, rebooting the device heals', async () => {
  await using lab = await openLab()
  await lab.inject({ kind: 'file.socket-missing', host: 'ftd1' })
  await expectPrinted(lab, 'netstat-listening')
  const complaint = transcript('socket-missing')
  expectTranscript((await linesOf(lab, CONNECTOR_LOG, 'ZeroMQ')).join('\n'), complaint)

  await expectPrinted(lab, 'restart-connector', 'expert')
  await lab.pass(MINUTE_MS)
  const complaints = await linesOf(lab, CONNECTOR_LOG, 'ZeroMQ')
  expect(complaints).toHaveLength(2)
  expectTranscript(complaints[1]!, complaint)
  await expectPrinted(lab, 'netstat-listening')

  await lab.exec('ftd1', 'reboot', { shell: 'root' })
  await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: 'ESTABLISHED', within: '5m' })
  await expectPrinted(lab, 'netstat-connected')
  await expectPrinted(lab, 'lsof-established')
  await expectDelivered(lab)
})

test('a firewall that drops the way to eventing-ingest: SYN_SENT, and the documented lines at the documented gaps', async () => {
  await using lab = await openLab()
  const { id } = await lab.inject({ kind: 'net.drop', to: 'eventing-ingest.sse.itd.cisco.com', port: 443 })
  await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: 'SYN_SENT', within: '10m' })
  await expectPrinted(lab, 'lsof-syn-sent')
  await lab.pass(30 * MINUTE_MS)
  const lines = (await linesOf(lab, CONNECTOR_LOG, 'getsockopt')).slice(0, 5)
  expectTranscript(lines.join('\n'), transcript('connector-log-timeouts'))

  const times = lines.map((line) => Date.parse(/time="([^"]*)"/.exec(line)![1]!))
  for (const [index, time] of times.slice(1).entries()) {
    // Two addresses of about 127 s each, and a pause of up to 50 s.
    expect((time - times[index]!) / 1_000).toBeGreaterThanOrEqual(254)
    expect((time - times[index]!) / 1_000).toBeLessThanOrEqual(306)
  }
  const dialled = new Set(lines.map((line) => /dial tcp ([\d.]+):443/.exec(line)![1]!))
  const looked = await lab.exec('ftd1', 'nslookup eventing-ingest.sse.itd.cisco.com')
  const addresses = [...looked.output.matchAll(/^Address: ([\d.]+)$/gm)].map((match) => match[1]!)
  expect(addresses).toHaveLength(2)
  expect([...dialled].toSorted()).toEqual(addresses.toSorted())
  // Only the events have to wait: the region's API is reached, and the alert has nothing to say.
  await lab.sees({ see: 'alert', host: 'ftd1', is: 'green' })

  await lab.cure(id)
  await lab.until({ see: 'cli', host: 'ftd1', run: 'lsof -i | grep conn', match: 'ESTABLISHED', within: '10m' })
  await expectDelivered(lab)
})

test('the cloud is switched off: the alert is red although nothing is broken, and what was detected meanwhile arrives later', async () => {
  await using lab = await openLab()
  const { id } = await lab.inject({ kind: 'fmc.cloud-off' })
  const alert = await lab.until({ see: 'alert', host: 'ftd1', is: 'red', within: '10m' })
  expect(alert).toBe('RED: Threat Data Updates - Cisco Cloud Configuration - Failure')
  await expectPrinted(lab, 'curl-api-sse')
  await lab.cure(id)
  await lab.until({ see: 'alert', host: 'ftd1', is: 'green', within: '10m' })
  await expectDelivered(lab)
})
