import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AnyFault, explainFault, faultKinds, parametersOf, parseFault, parseFaultWords } from '../../../shared/fault/catalogue.ts'

const mistake = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    expect(error).toMatchObject({ name: 'LabError', code: 'LAB_BAD_INPUT' })
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

const KINDS =
  'account.device-removed, account.eventing-off, account.no-licences, cloud.rate-limited, cloud.resets, cloud.silent, cloud.unavailable, device.ca-missing, device.dns, device.proxy, dns.no-answer, dns.nxdomain, file.socket-missing, fmc.cloud-off, net.delay, net.drop, net.loss, net.reject, process.disabled, process.killed, proxy.auth, proxy.inspect, proxy.required, proxy.slow, time.wrong, tls.expired, tls.unknown-authority'

/** One of each kind, and the sentence for it. */
const SENTENCES: readonly (readonly [unknown, string])[] = [
  [{ kind: 'account.device-removed', host: 'ftd1' }, 'Somebody removed ftd1 in the SSE portal.'],
  [{ kind: 'account.eventing-off' }, 'Eventing is switched off under Cloud Services in the SSE portal of every region.'],
  [{ kind: 'account.eventing-off', region: 'eu' }, 'Eventing is switched off under Cloud Services in the SSE portal of eu-central-1.'],
  [
    { kind: 'account.no-licences', region: 'us' },
    'The virtual account that is linked in the SSE portal of us-east-1 has no licences for security devices.',
  ],
  [{ kind: 'cloud.rate-limited', role: 'ingest' }, 'The cloud answers 429 to requests to its ingest hosts.'],
  [{ kind: 'cloud.resets', role: 'api', region: 'us' }, 'The cloud resets connections to api-sse.cisco.com.'],
  [{ kind: 'cloud.silent', role: 'est' }, 'The cloud gives no answer to requests to its enrolment host.'],
  [
    { kind: 'cloud.unavailable', role: 'api', region: 'apj', path: '/providers/sse/api', status: 500 },
    'The cloud answers 500 to requests to api.apj.sse.itd.cisco.com below /providers/sse/api.',
  ],
  [
    { kind: 'cloud.unavailable', role: 'api', skip: 2, times: 1 },
    'The cloud answers 503 to requests to its api hosts, 1 of them after the first 2.',
  ],
  [{ kind: 'cloud.resets', role: 'mx', skip: 1 }, 'The cloud resets connections to its mx hosts, but for the first 1.'],
  [{ kind: 'cloud.unavailable', role: 'mx' }, 'The cloud answers 503 to requests to its mx hosts.'],
  [{ kind: 'device.ca-missing', host: 'ftd1', bundle: 'connector' }, 'On ftd1 /ngfw/etc/ssl/connectorCA.pem is missing.'],
  [
    { kind: 'device.ca-missing', host: 'ftd*', bundle: 'can-connect' },
    'On ftd* the certificates that canConnect trusts (/ngfw/etc/sf/keys/fireamp/thawte_roots/roots.pem) are missing.',
  ],
  [{ kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] }, 'ftd1 is configured to use 192.0.2.10 as its DNS server.'],
  [{ kind: 'device.dns', host: 'ftd*', servers: [] }, 'ftd* has no DNS server configured.'],
  [{ kind: 'device.proxy', host: 'ftd1' }, 'ftd1 has no HTTP proxy configured.'],
  [
    { kind: 'device.proxy', host: 'ftd1', address: '192.0.2.80' },
    'ftd1 is configured to use the HTTP proxy 192.0.2.80:3128 without a user name.',
  ],
  [
    { kind: 'device.proxy', host: 'ftd1', address: 'proxy.lab.example', port: 8080, user: 'a', password: 'b' },
    'ftd1 is configured to use the HTTP proxy proxy.lab.example:8080 as user a.',
  ],
  [{ kind: 'dns.no-answer' }, 'The DNS server gives no answer to any query.'],
  [
    { kind: 'dns.no-answer', server: 'dns', name: 'api-sse.cisco.com' },
    'The DNS server dns gives no answer to queries for api-sse.cisco.com.',
  ],
  [{ kind: 'dns.no-answer', times: 2 }, 'The DNS server gives no answer to queries, the first 2 of them.'],
  [
    { kind: 'dns.nxdomain', name: 'api-sse.cisco.com', times: 3 },
    'The DNS server says that api-sse.cisco.com does not exist to queries, the first 3 of them.',
  ],
  [{ kind: 'dns.nxdomain', name: '*.akadns.net' }, 'The DNS server says that *.akadns.net does not exist.'],
  [
    { kind: 'file.socket-missing', host: 'ftd1' },
    'On ftd1 the socket /ngfw/var/sf/run/EventHandler_SSEConnector.sock was missing when SSEConnector started.',
  ],
  [{ kind: 'fmc.cloud-off' }, 'Cisco Cloud Event Configuration is switched off on the FMC.'],
  [
    { kind: 'net.delay', to: 'api-sse.cisco.com', from: 'ftd1', port: 443, delayMs: 3_000 },
    'The gateway delays packets from ftd1 to api-sse.cisco.com port 443 by 3000 ms, and the answers likewise.',
  ],
  [
    { kind: 'net.drop', to: 'api-sse.cisco.com', from: 'ftd1', port: 443 },
    'The gateway drops packets from ftd1 to api-sse.cisco.com port 443.',
  ],
  [{ kind: 'net.loss', to: '203.0.113.0/24', percent: 30 }, 'The gateway loses 30 % of packets to 203.0.113.0/24, and of the answers.'],
  [{ kind: 'net.reject', to: '203.0.113.0/24' }, 'The gateway rejects packets to 203.0.113.0/24.'],
  [{ kind: 'process.disabled', host: 'ftd1', process: 'SSEConnector' }, 'SSEConnector is disabled on ftd1.'],
  [{ kind: 'process.killed', host: 'ftd1', process: 'EventHandler' }, 'EventHandler was killed on ftd1.'],
  [{ kind: 'proxy.auth', user: 'lab', password: 'pw' }, 'The proxy lets only the user lab through.'],
  [{ kind: 'proxy.inspect' }, 'The proxy inspects TLS with certificates of an authority that no appliance knows.'],
  [{ kind: 'proxy.required' }, 'The gateway lets every host reach the web only through the proxy.'],
  [{ kind: 'proxy.required', for: ['ftd1', 'fmc'] }, 'The gateway lets ftd1, fmc reach the web only through the proxy.'],
  [{ kind: 'proxy.slow', delayMs: 2_000 }, 'The proxy holds back requests, and what passes it in each direction, for 2000 ms.'],
  [{ kind: 'time.wrong', host: 'ftd1', by: '-400d' }, 'The clock of ftd1 is 400d slow.'],
  [{ kind: 'time.wrong', host: 'fmc', by: '+2y' }, 'The clock of fmc is 2y fast.'],
  [{ kind: 'tls.expired', name: 'api-sse.cisco.com' }, 'The certificate of api-sse.cisco.com expired on 3 December 2021.'],
  [
    { kind: 'tls.unknown-authority', name: 'api-sse.cisco.com' },
    'The certificate of api-sse.cisco.com is from an authority that no appliance knows.',
  ],
]

describe('the catalogue', () => {
  test('has each kind once, in the union as in the list', () => {
    expect([...faultKinds.keys()].join(', ')).toBe(KINDS)
    expect(AnyFault.options.map((option) => option.shape.kind.value)).toEqual([...faultKinds.keys()])
    expect(new Set(SENTENCES.map(([fault]) => (fault as { kind: string }).kind))).toEqual(new Set(faultKinds.keys()))
  })

  test.each(SENTENCES)('explains %j', (fault, sentence) => {
    expect(explainFault(parseFault(fault))).toBe(sentence)
    expect(AnyFault.parse(fault)).toEqual(fault)
  })

  test('describes every parameter, and is a JSON schema', () => {
    for (const kind of faultKinds.values()) for (const { description } of parametersOf(kind)) expect(description).not.toBe('')
    expect(parametersOf(faultKinds.get('dns.nxdomain')!).map(({ name, required }) => [name, required])).toEqual([
      ['name', true],
      ['server', false],
      ['skip', false],
      ['times', false],
    ])
    expect(JSON.stringify(z.toJSONSchema(AnyFault))).toContain('the DNS servers that it uses from now on')
  })
})

describe('a fault that is none is refused with what would do', () => {
  test.each([
    [{ kind: 'device.dsn', host: 'ftd1' }, `no fault is called device.dsn; did you mean device.dns? The kinds are ${KINDS}`],
    [{ kind: 'moon' }, `no fault is called moon; the kinds are ${KINDS}`],
    [{}, `a fault has a kind: ${KINDS}`],
    ['device.dns', 'a fault is an object with a kind and its parameters, not string'],
    [null, 'a fault is an object with a kind and its parameters, not null'],
    [[], 'a fault is an object with a kind and its parameters, not a list'],
    [
      { kind: 'device.dns', host: 'ftd1', server: ['192.0.2.10'] },
      'device.dns: the parameter servers is missing: the DNS servers that it uses from now on; none when empty; there is no parameter server (did you mean servers?); it has host, servers',
    ],
    [{ kind: 'account.eventing-off', region: 'mars' }, 'account.eventing-off: region: write a region: us, eu, apj'],
    [
      { kind: 'cloud.resets' },
      'cloud.resets: the parameter role is missing: what the host names concerned are for: api, ingest, mx, dex, admin, est',
    ],
    [{ kind: 'cloud.silent', role: 'api', path: 'x' }, 'cloud.silent: path: write a path such as /providers/sse/services/registration'],
    [{ kind: 'cloud.unavailable', role: 'api', status: 404 }, 'cloud.unavailable: status: Too small: expected number to be >=500'],
    [
      { kind: 'device.ca-missing', host: 'ftd1', bundle: 'system' },
      'device.ca-missing: bundle: Invalid option: expected one of "connector"|"can-connect"',
    ],
    [{ kind: 'tls.expired' }, 'tls.expired: the parameter name is missing: a host name of the cloud: api-sse.cisco.com'],
    [{ kind: 'fmc.cloud-off', host: 'fmc' }, 'fmc.cloud-off: there is no parameter host; it has no parameters'],
    [{ kind: 'net.drop', to: 'x.example', port: 0 }, 'net.drop: port: Too small: expected number to be >=1'],
    [
      { kind: 'net.delay', to: 'x.example' },
      'net.delay: the parameter delayMs is missing: how long each packet is held back, and each answer: a round trip takes twice as long; milliseconds',
    ],
    [{ kind: 'net.delay', to: 'x.example', delayMs: 60_001 }, 'net.delay: delayMs: Too big: expected number to be <=60000'],
    [{ kind: 'net.loss', to: 'x.example', percent: 0 }, 'net.loss: percent: Too small: expected number to be >=1'],
    [{ kind: 'net.loss', to: 'x.example', percent: 101 }, 'net.loss: percent: Too big: expected number to be <=100'],
    [{ kind: 'proxy.slow', delayMs: 0.5 }, 'proxy.slow: delayMs: Invalid input: expected int, received number'],
    [{ kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.300'] }, 'device.dns: servers.0: Invalid IPv4 address'],
    [{ kind: 'device.dns', host: 'ftd1', servers: '192.0.2.10' }, 'device.dns: servers: Invalid input: expected array, received string'],
    [
      { kind: 'device.dns', host: 'ftd1; rm', servers: [] },
      'device.dns: host: write a host of the lab such as ftd1, or a pattern such as ftd*',
    ],
    [{ kind: 'device.proxy', host: 'ftd1', address: 'p', user: 'a' }, 'device.proxy: password: user and password belong together'],
    [
      { kind: 'device.proxy', host: 'ftd1', port: 80 },
      'device.proxy: address: without an address there is no proxy to have a port or a user',
    ],
    [
      { kind: 'process.disabled', host: 'ftd1', process: 'a b' },
      'process.disabled: process: write a process as pmtool names it, such as SSEConnector',
    ],
    [{ kind: 'time.wrong', host: 'ftd1', by: '400d' }, 'time.wrong: by: write how far the clock is off, with its sign: -400d, +2y, -90m'],
    [{ kind: 'proxy.auth', user: 'a:b', password: 'x' }, 'proxy.auth: user: a user name of Basic authentication has no colon'],
  ])('%j', (input, message) => {
    expect(mistake(() => parseFault(input))).toBe(message)
  })
})

describe('words of the command line', () => {
  test.each([
    ['device.dns', ['host=ftd1', 'servers=192.0.2.10,192.0.2.12'], { host: 'ftd1', servers: ['192.0.2.10', '192.0.2.12'] }],
    ['device.dns', ['host=ftd1', 'servers='], { host: 'ftd1', servers: [] }],
    ['net.drop', ['to=203.0.113.0/24', 'port=443'], { to: '203.0.113.0/24', port: 443 }],
    ['net.loss', ['to=api-sse.cisco.com', 'percent=30'], { to: 'api-sse.cisco.com', percent: 30 }],
    ['proxy.auth', ['user=a', 'password=x=y'], { user: 'a', password: 'x=y' }],
    ['proxy.required', ['for=ftd*, fmc'], { for: ['ftd*', 'fmc'] }],
    ['fmc.cloud-off', [], {}],
  ])('%s %j', (kind, words, parameters) => {
    expect(parseFaultWords(kind, words)).toEqual({ kind, ...parameters })
  })

  test('that say nothing are refused', () => {
    expect(mistake(() => parseFaultWords('device.dns', ['ftd1']))).toBe('"ftd1" is no parameter: write name=value, e.g. host=…')
    expect(mistake(() => parseFaultWords('device.dns', ['host=ftd1', 'host=ftd2']))).toBe('host is given twice')
    expect(mistake(() => parseFaultWords('device.dns', ['kind=x']))).toBe('kind is given twice')
    expect(mistake(() => parseFaultWords('net.drop', ['to=fmc', 'port=https']))).toBe(
      'net.drop: port: Invalid input: expected number, received string',
    )
    expect(mistake(() => parseFaultWords('net.drop', ['__proto__=1', 'to=x']))).toContain('there is no parameter __proto__')
    expect(mistake(() => parseFaultWords('fmc.cloud_off', []))).toContain('did you mean fmc.cloud-off?')
  })
})
