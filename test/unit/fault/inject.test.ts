import { X509Certificate } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { injectFault } from '../../../shared/fault/catalogue.ts'
import type { Fault } from '../../../shared/fault/fault.ts'
import { fakeSite, type FakeSite } from './fake-site.ts'

const snapshot = (site: FakeSite) => structuredClone(site.state)

/** The changes that were made, without the looking. */
const changes = (site: FakeSite) => site.done.filter((line) => !/ if \[ | pmtool status| date \+| GET |token|revoke/.test(line))

const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('account.device-removed'), host: fc.constantFrom('ftd1', 'ftd2', 'ftd*') }),
  fc.record(
    { kind: fc.constantFrom('account.eventing-off', 'account.no-licences'), region: fc.constantFrom('us', 'eu') },
    { requiredKeys: ['kind'] },
  ),
  fc.record({
    kind: fc.constantFrom('cloud.rate-limited', 'cloud.resets', 'cloud.silent', 'cloud.unavailable'),
    role: fc.constantFrom('api', 'est'),
  }),
  fc.record({
    kind: fc.constant('device.dns'),
    host: fc.constantFrom('ftd1', 'ftd2', 'ftd*'),
    servers: fc.subarray(['192.0.2.10', '192.0.2.11', '192.0.2.12'], { minLength: 0 }),
  }),
  fc.record(
    {
      kind: fc.constant('device.proxy'),
      host: fc.constantFrom('ftd1', 'ftd2', '*'),
      address: fc.constantFrom('192.0.2.80', 'proxy.lab.example'),
    },
    { requiredKeys: ['kind', 'host'] },
  ),
  fc.record(
    { kind: fc.constant('dns.no-answer'), server: fc.constant('dns'), name: fc.constantFrom('a.example', '*.b.example') },
    { requiredKeys: ['kind'] },
  ),
  fc.record({ kind: fc.constant('dns.nxdomain'), name: fc.constantFrom('a.example', '*.b.example') }),
  fc.record({ kind: fc.constant('file.socket-missing'), host: fc.constantFrom('ftd1', 'ftd*') }),
  fc.record({ kind: fc.constant('fmc.cloud-off') }),
  fc.record({ kind: fc.constantFrom('net.drop', 'net.reject'), to: fc.constantFrom('203.0.113.9', 'a.example') }),
  fc.record({ kind: fc.constant('net.delay'), to: fc.constantFrom('203.0.113.9', 'a.example'), delayMs: fc.constant(3_000) }),
  fc.record({ kind: fc.constant('net.loss'), to: fc.constantFrom('203.0.113.9', 'a.example'), percent: fc.constant(30) }),
  fc.record({ kind: fc.constant('proxy.slow'), delayMs: fc.constantFrom(100, 2_000) }),
  fc.record({
    kind: fc.constant('process.disabled'),
    host: fc.constantFrom('ftd1', 'ftd*'),
    process: fc.constantFrom('SSEConnector', 'snort3'),
  }),
  fc.record({ kind: fc.constant('process.killed'), host: fc.constant('ftd1'), process: fc.constant('EventHandler') }),
  fc.record({ kind: fc.constant('proxy.auth'), user: fc.constantFrom('a', 'b'), password: fc.constant('x') }),
  fc.record({ kind: fc.constant('proxy.required') }),
  fc.record({ kind: fc.constant('time.wrong'), host: fc.constantFrom('ftd1', 'ftd*', 'fmc'), by: fc.constantFrom('-400d', '+2y') }),
  fc.record({
    kind: fc.constant('device.ca-missing'),
    host: fc.constantFrom('ftd1', 'ftd*'),
    bundle: fc.constantFrom('connector', 'can-connect'),
  }),
  fc.record({ kind: fc.constant('proxy.inspect') }),
  fc.record({
    kind: fc.constantFrom('tls.expired', 'tls.unknown-authority'),
    name: fc.constantFrom('api-sse.cisco.com', 'EST.sco.cisco.com'),
  }),
)

describe('faults compose', () => {
  test('however many there are, cured in whatever order, the world is as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(anyFault, { minLength: 1, maxLength: 6 })
          .chain((faults) =>
            fc.tuple(fc.constant(faults), fc.shuffledSubarray([...faults.keys()], { minLength: faults.length, maxLength: faults.length })),
          ),
        async ([faults, order]) => {
          const site = fakeSite()
          const before = snapshot(site)
          const cures = []
          // A process that a fault disabled cannot be killed any more; that is refused and changes nothing.
          for (const fault of faults) cures.push(await injectFault(fault, site).catch(() => undefined))
          for (const index of order) await cures[index]?.()
          expect(snapshot(site)).toEqual(before)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('also when they are injected and cured at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFault, { minLength: 2, maxLength: 6 }), async (faults) => {
        const site = fakeSite()
        const before = snapshot(site)
        const cures = await Promise.allSettled(faults.map((fault) => injectFault(fault, site)))
        await Promise.all(cures.flatMap((cure) => (cure.status === 'fulfilled' ? [cure.value()] : [])))
        expect(snapshot(site)).toEqual(before)
      }),
      { numRuns: 300 },
    )
  })

  test('the newest one holds while it lasts, then the one below it', async () => {
    const site = fakeSite()
    const dns = (server: string) => injectFault({ kind: 'device.dns', host: 'ftd1', servers: [server] }, site)
    const first = await dns('192.0.2.1')
    const second = await dns('192.0.2.2')
    const third = await dns('192.0.2.3')
    expect(site.state.servers['ftd1']).toEqual(['192.0.2.3'])
    await second()
    expect(site.state.servers['ftd1']).toEqual(['192.0.2.3'])
    await third()
    expect(site.state.servers['ftd1']).toEqual(['192.0.2.1'])
    await first()
    expect(site.state.servers['ftd1']).toEqual(['192.0.2.11'])
  })
})

describe('an inject that fails half way', () => {
  test('whichever change fails, leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(anyFault, fc.array(anyFault, { maxLength: 2 }), fc.nat(), async (fault, active, position) => {
        const trial = fakeSite()
        await injectFault(fault, trial)
        const made = changes(trial)
        fc.pre(made.length > 0)
        const failing = made[position % made.length]!

        const site = fakeSite()
        for (const other of active) await injectFault(other, site).catch(() => undefined)
        const before = snapshot(site)
        // Objects that are made twice have the same change: only the last of them fails.
        let left = made.slice(0, made.lastIndexOf(failing) + 1).filter((change) => change === failing).length
        site.breaks = (change) => change === failing && --left === 0
        await injectFault(fault, site).then(
          () => expect(left).toBeGreaterThan(0),
          () => expect(snapshot(site)).toEqual(before),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('says what failed, in the words of the host', async () => {
    const site = fakeSite()
    site.breaks = (change) => change.startsWith('ftd2 configure')
    const injected = injectFault({ kind: 'device.dns', host: 'ftd*', servers: ['192.0.2.10'] }, site)
    await expect(injected).rejects.toThrow('ftd2: "configure network dns servers 192.0.2.10" ended with 1: broken')
    expect(site.state.servers).toEqual({ ftd1: ['192.0.2.11'], ftd2: ['192.0.2.11', '192.0.2.12'] })
  })

  test('a command that reports success without an effect is noticed', async () => {
    const site = fakeSite()
    const { exec } = site
    site.exec = async (host, command, options) =>
      command.startsWith('configure') ? { exitCode: 0, output: 'not today', stdout: 'not today', stderr: '' } : exec(host, command, options)
    await expect(injectFault({ kind: 'device.dns', host: 'ftd1', servers: [] }, site)).rejects.toThrow(
      'ftd1 uses the DNS servers 192.0.2.11 still: not today',
    )
  })
})

describe('a cure', () => {
  test('is good for one time', async () => {
    const site = fakeSite()
    for (const fault of [
      { kind: 'dns.no-answer' },
      { kind: 'fmc.cloud-off' },
      { kind: 'process.killed', host: 'ftd1', process: 'snort3' },
    ]) {
      const cure = await injectFault(fault, site)
      await cure()
      await expect(cure()).rejects.toThrow('this fault is cured already')
    }
  })

  test('that failed may be tried again, and takes back only what is left', async () => {
    const site = fakeSite()
    const before = snapshot(site)
    const cure = await injectFault({ kind: 'device.dns', host: 'ftd*', servers: [] }, site)
    site.breaks = (change) => change.startsWith('ftd1 configure')
    await expect(cure()).rejects.toThrow('ftd1:')
    expect(site.state.servers['ftd2']).toEqual(before.servers['ftd2'])
    site.breaks = (change) => change.startsWith('ftd2')
    await cure()
    expect(snapshot(site)).toEqual(before)
  })

  test('of a rule that is gone already is done', async () => {
    const site = fakeSite()
    const cure = await injectFault({ kind: 'net.drop', to: '203.0.113.9' }, site)
    site.state.rules = []
    await cure()
  })
})

describe('what faults do', () => {
  const inject = async (fault: Fault) => {
    const site = fakeSite()
    const cure = await injectFault(fault, site)
    return { site, cure }
  }

  test('file.socket-missing removes the socket before the connector starts; its cure lets EventHandler make it anew', async () => {
    const { site, cure } = await inject({ kind: 'file.socket-missing', host: 'ftd1' })
    expect(site.state.sockets).toEqual({ ftd1: false, ftd2: true })
    await cure()
    expect(changes(site)).toEqual([
      'ftd1 rm -f /ngfw/var/sf/run/EventHandler_SSEConnector.sock',
      'ftd1 pmtool restartbyid SSEConnector',
      'ftd1 pmtool restartbyid EventHandler',
      'ftd1 pmtool restartbyid SSEConnector',
    ])
  })

  test('process.killed kills the pid that pmtool shows', async () => {
    const { site } = await inject({ kind: 'process.killed', host: 'ftd1', process: 'SSEConnector' })
    expect(changes(site)).toEqual(['ftd1 kill -9 101'])
  })

  test('process.disabled leaves a process disabled that was so before', async () => {
    const { site, cure } = await inject({ kind: 'process.disabled', host: 'ftd2', process: 'snort3' })
    await cure()
    expect(site.state.disabled['ftd2']).toEqual(['snort3'])
  })

  test('device.proxy gives a device back the password that it had', async () => {
    const { site, cure } = await inject({ kind: 'device.proxy', host: 'ftd2' })
    expect(site.state.proxies['ftd2']).toBeNull()
    await cure()
    expect(site.state.proxies['ftd2']).toEqual(['192.0.2.80', '3128', 'old', 'secret'])
  })

  test('proxy.auth leaves the other settings of the proxy alone', async () => {
    const { site } = await inject({ kind: 'proxy.auth', user: 'lab', password: 'pw' })
    expect(site.state.settings).toEqual({ authentication: { user: 'lab', password: 'pw' }, deny: ['blocked.example'] })
  })

  test('proxy.required closes both web ports for everybody but the proxy', async () => {
    const { site } = await inject({ kind: 'proxy.required' })
    const from = ['192.0.2.27', '192.0.2.28', '192.0.2.20', '192.0.2.11']
    expect(site.state.rules).toMatchObject([
      { action: 'drop', from, to: ['203.0.113.0/24'], protocol: 'tcp', port: 80 },
      { action: 'drop', from, to: ['203.0.113.0/24'], protocol: 'tcp', port: 443 },
    ])
  })

  test('net.drop names hosts of the lab by address and everything else as written', async () => {
    const { site } = await inject({ kind: 'net.drop', from: 'ftd*', to: 'api-sse.cisco.com', port: 443 })
    expect(site.state.rules).toEqual([
      { id: '1', action: 'drop', from: ['192.0.2.27', '192.0.2.28'], to: ['api-sse.cisco.com'], port: 443 },
    ])
  })

  test('time.wrong counts from the right time, also on a clock that is wrong already', async () => {
    const { site } = await inject({ kind: 'time.wrong', host: 'ftd1', by: '+2y' })
    expect(site.state.clocks['ftd1']).toBe(2 * 365 * 86_400_000)
    const cure = await injectFault({ kind: 'time.wrong', host: 'ftd1', by: '-400d' }, site)
    expect(site.state.clocks['ftd1']).toBe(-400 * 86_400_000)
    await cure()
    expect(site.state.clocks['ftd1']).toBe(2 * 365 * 86_400_000)
  })

  test('device.ca-missing moves the store away, and its cure leaves one alone that somebody put back', async () => {
    const { site, cure } = await inject({ kind: 'device.ca-missing', host: 'ftd1', bundle: 'connector' })
    expect(site.state.stores['ftd1']).not.toContain('/ngfw/etc/ssl/connectorCA.pem')
    await cure()
    expect(changes(site)).toEqual([
      'ftd1 [ ! -f /ngfw/etc/ssl/connectorCA.pem ] || mv /ngfw/etc/ssl/connectorCA.pem /ngfw/etc/ssl/connectorCA.pem.bak',
      'ftd1 [ ! -f /ngfw/etc/ssl/connectorCA.pem.bak ] || mv /ngfw/etc/ssl/connectorCA.pem.bak /ngfw/etc/ssl/connectorCA.pem',
    ])
  })

  test('tls.unknown-authority presents a certificate for the name that is valid now', async () => {
    const { site } = await inject({ kind: 'tls.unknown-authority', name: 'api-sse.cisco.com' })
    const { chainPem } = site.state.certificates['api-sse.cisco.com'] as { chainPem: string }
    const leaf = new X509Certificate(chainPem)
    expect(leaf.checkHost('api-sse.cisco.com')).toBe('api-sse.cisco.com')
    expect(leaf.issuer).toContain('CN=HydrantID Server CA O1')
    expect(Math.round((leaf.validToDate.getTime() - site.now()) / 86_400_000)).toBe(729)
  })

  test('fmc.cloud-off leaves no session open', async () => {
    const { site, cure } = await inject({ kind: 'fmc.cloud-off' })
    expect([site.state.cloudEnabled, site.state.sessions]).toEqual([false, 0])
    await cure()
    expect([site.state.cloudEnabled, site.state.sessions]).toEqual([true, 0])
  })

  test.each([
    [{ kind: 'device.dns', host: 'ftd9', servers: [] }, 'LAB_NO_SUCH_HOST', 'no ftd host is called ftd9; there are ftd1, ftd2'],
    [{ kind: 'process.disabled', host: 'fmc', process: 'x' }, 'LAB_NO_SUCH_HOST', 'no ftd host is called fmc; there are ftd1, ftd2'],
    [
      { kind: 'net.drop', to: 'ftd', port: 443 },
      'LAB_NO_SUCH_HOST',
      'no host is called ftd; there are ftd1, ftd2, fmc, sse, dns, gateway, proxy',
    ],
    [
      { kind: 'net.drop', to: 'sse' },
      'LAB_BAD_INPUT',
      'sse has many addresses: write a name that it serves such as api-sse.cisco.com, or a prefix such as 203.0.113.0/24',
    ],
    [
      { kind: 'net.drop', from: 'ftd1', to: 'fmc' },
      'LAB_BAD_INPUT',
      'ftd1 and fmc are in one network: packets between them do not pass the gateway',
    ],
    [
      { kind: 'tls.expired', name: 'api-see.cisco.com' },
      'LAB_BAD_INPUT',
      'name: sse has no name api-see.cisco.com; it has api-sse.cisco.com, est.sco.cisco.com',
    ],
    [{ kind: 'time.wrong', host: 'dns', by: '-1d' }, 'LAB_BAD_INPUT', 'dns has no clock that could be set: name an ftd or fmc host'],
    [{ kind: 'proxy.required', for: ['proxy'] }, 'LAB_BAD_INPUT', 'for: proxy is no host that could use the proxy'],
    [
      { kind: 'process.killed', host: 'ftd1', process: 'sse' },
      'LAB_BAD_INPUT',
      'ftd1 has no process sse; it has EventHandler, SSEConnector, snort3',
    ],
    [{ kind: 'process.killed', host: 'ftd2', process: 'snort3' }, 'LAB_BAD_INPUT', 'snort3 does not run on ftd2: it is User Disabled'],
  ])('%j is refused: %s', async (fault, code, message) => {
    const site = fakeSite()
    await expect(injectFault(fault, site)).rejects.toMatchObject({ code, message })
    expect(changes(site)).toEqual([])
  })
})
