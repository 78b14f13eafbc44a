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
  'device.dns, device.proxy, dns.no-answer, dns.nxdomain, file.socket-missing, fmc.cloud-off, net.drop, net.reject, process.disabled, process.killed, proxy.auth, proxy.required'

/** One of each kind, and the sentence for it. */
const SENTENCES: readonly (readonly [unknown, string])[] = [
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
  [{ kind: 'dns.nxdomain', name: '*.akadns.net' }, 'The DNS server says that *.akadns.net does not exist.'],
  [
    { kind: 'file.socket-missing', host: 'ftd1' },
    'On ftd1 the socket /ngfw/var/sf/run/EventHandler_SSEConnector.sock was missing when SSEConnector started.',
  ],
  [{ kind: 'fmc.cloud-off' }, 'Cisco Cloud Event Configuration is switched off on the FMC.'],
  [
    { kind: 'net.drop', to: 'api-sse.cisco.com', from: 'ftd1', port: 443 },
    'The gateway drops packets from ftd1 to api-sse.cisco.com port 443.',
  ],
  [{ kind: 'net.reject', to: '203.0.113.0/24' }, 'The gateway rejects packets to 203.0.113.0/24.'],
  [{ kind: 'process.disabled', host: 'ftd1', process: 'SSEConnector' }, 'SSEConnector is disabled on ftd1.'],
  [{ kind: 'process.killed', host: 'ftd1', process: 'EventHandler' }, 'EventHandler was killed on ftd1.'],
  [{ kind: 'proxy.auth', user: 'lab', password: 'pw' }, 'The proxy lets only the user lab through.'],
  [{ kind: 'proxy.required' }, 'The gateway lets every host reach the web only through the proxy.'],
  [{ kind: 'proxy.required', for: ['ftd1', 'fmc'] }, 'The gateway lets ftd1, fmc reach the web only through the proxy.'],
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
    [{ kind: 'fmc.cloud-off', host: 'fmc' }, 'fmc.cloud-off: there is no parameter host; it has no parameters'],
    [{ kind: 'net.drop', to: 'x.example', port: 0 }, 'net.drop: port: Too small: expected number to be >=1'],
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
