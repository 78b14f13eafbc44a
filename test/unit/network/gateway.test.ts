import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayRule } from '../../../shared/contract/admin.ts'
import type { Forwarding } from '../../../shared/kernel/net.ts'
import { toIptables } from '../../../shared/os/iptables.ts'
import { checkRule, namesIn, toForwarding } from '../../../services/gateway/rules.ts'
import { addressesOf, startEstate } from './estate.ts'

const INGEST = 'eventing-ingest.sse.itd.cisco.com'
const API = 'api.eu.sse.itd.cisco.com'
const none = () => []

type Estate = Awaited<ReturnType<typeof startEstate>>

/** How a connection from the client to a cloud address ends: `connected`, or the kernel's code. */
async function outcome(estate: Estate, address: string, port = 443): Promise<string> {
  const dialled = estate.client.net.dial({ address, port }).then(
    (conn) => {
      conn.destroy()
      return 'connected'
    },
    (error: { code: string }) => error.code,
  )
  return estate.sim.run(dialled)
}

async function listenInTheCloud(estate: Estate) {
  const seen: (string | undefined)[] = []
  for (const port of [443, 80]) await estate.sim.run(estate.cloud.net.listen({ port }, (conn) => void seen.push(conn.remoteAddress)))
  return seen
}

describe('the gateway', () => {
  test('connects the two networks and hides inside addresses behind its own', async () => {
    await using estate = await startEstate()
    const seen = await listenInTheCloud(estate)
    expect(await outcome(estate, addressesOf(INGEST)[0]!)).toBe('connected')
    expect(seen).toEqual(['203.0.113.1'])
  })

  test('knows no way out of the two networks', async () => {
    await using estate = await startEstate()
    expect(await outcome(estate, '198.51.100.7')).toBe('ENETUNREACH')
  })

  test('drops and rejects by address, prefix, source and port; the newest rule decides', async () => {
    await using estate = await startEstate()
    await listenInTheCloud(estate)
    const [address] = addressesOf(INGEST)
    const add = async (rule: unknown) => String((await estate.admin(estate.gateway, 'POST', '/v1/rules', rule)).body?.id)
    const drop = await add({ action: 'drop', to: ['203.0.113.0/24'], port: 443 })
    expect(await outcome(estate, address!)).toBe('ETIMEDOUT')
    expect(await outcome(estate, address!, 80)).toBe('connected')
    await add({ action: 'reject', from: ['192.0.2.27'], to: [address], protocol: 'tcp' })
    expect(await outcome(estate, address!)).toBe('ECONNREFUSED')
    const accept = await add({ action: 'accept', to: [address], port: 443 })
    expect(await outcome(estate, address!)).toBe('connected')
    expect((await estate.admin(estate.gateway, 'GET', '/v1/rules')).body).toMatchObject({
      items: [{ id: accept }, { action: 'reject' }, { id: drop }],
    })
    expect((await estate.admin(estate.gateway, 'DELETE', `/v1/rules/${accept}`)).status).toBe(204)
    expect(await outcome(estate, address!)).toBe('ECONNREFUSED')
    expect((await estate.admin(estate.gateway, 'DELETE', `/v1/rules/${accept}`)).status).toBe(404)
  })

  test('a rule by name holds for all addresses of the name, and follows them', async () => {
    await using estate = await startEstate()
    await listenInTheCloud(estate)
    const [first, second] = addressesOf(INGEST)
    await estate.admin(estate.gateway, 'POST', '/v1/rules', { action: 'reject', to: [INGEST] })
    expect(await outcome(estate, first!)).toBe('ECONNREFUSED')
    expect(await outcome(estate, second!)).toBe('ECONNREFUSED')
    const moved = addressesOf(API)[0]!
    expect(await outcome(estate, moved)).toBe('connected')
    await estate.admin(estate.dns, 'PUT', `/v1/records/${INGEST}`, { addresses: [moved] })
    await estate.sim.advance(60_000)
    expect(await outcome(estate, moved)).toBe('ECONNREFUSED')
    expect(await outcome(estate, first!)).toBe('connected')
  })

  test('a rule by name keeps its addresses while the resolver does not answer', async () => {
    await using estate = await startEstate()
    await listenInTheCloud(estate)
    await estate.admin(estate.gateway, 'POST', '/v1/rules', { action: 'reject', to: [INGEST] })
    await estate.admin(estate.dns, 'POST', '/v1/overrides', { answer: 'silence' })
    await estate.sim.advance(200_000)
    expect(await outcome(estate, addressesOf(INGEST)[0]!)).toBe('ECONNREFUSED')
  })

  test('a rule by name that cannot be looked up yet holds soon after it can; until then the gateway says what it waits for', async () => {
    await using estate = await startEstate()
    await listenInTheCloud(estate)
    const { body } = await estate.admin(estate.dns, 'POST', '/v1/overrides', { answer: 'silence' })
    expect((await estate.admin(estate.gateway, 'POST', '/v1/rules', { action: 'reject', to: [INGEST] })).status).toBe(201)
    expect(await outcome(estate, addressesOf(INGEST)[0]!)).toBe('connected')
    expect(await estate.sim.run(estate.gateway.health())).toMatchObject({ healthy: false, waitingFor: [`the address of ${INGEST}`] })
    await estate.admin(estate.dns, 'DELETE', `/v1/overrides/${String(body?.id)}`)
    await estate.sim.advance(20_000)
    expect(await outcome(estate, addressesOf(INGEST)[0]!)).toBe('ECONNREFUSED')
    expect(await estate.sim.run(estate.gateway.health())).toMatchObject({ healthy: true, waitingFor: [] })
  })

  test('starts with rules by name: an allow-list for what leaves the inside network', async () => {
    await using estate = await startEstate({
      rules: [
        { action: 'accept', to: [API] },
        { action: 'reject', from: ['192.0.2.0/24'] },
      ],
    })
    await listenInTheCloud(estate)
    await estate.sim.advance(1_000)
    expect(await outcome(estate, addressesOf(API)[1]!)).toBe('connected')
    expect(await outcome(estate, addressesOf(INGEST)[1]!)).toBe('ECONNREFUSED')
  })

  test('refuses rules that make no sense, in words', async () => {
    await using estate = await startEstate()
    const post = (rule: unknown) => estate.admin(estate.gateway, 'POST', '/v1/rules', rule)
    expect(await post({ action: 'drop', to: ['api-see.cisco.com'] })).toEqual({
      status: 400,
      body: { error: 'api-see.cisco.com has no address, says the DNS server 192.0.2.11' },
    })
    expect(await post({ action: 'drop', to: ['203.0.113.0/33'] })).toEqual({
      status: 400,
      body: { error: 'to: "203.0.113.0/33" is no address (192.0.2.27), prefix (192.0.2.0/24) or host name' },
    })
    expect(await post({ action: 'drop', from: [] })).toEqual({
      status: 400,
      body: { error: 'from is empty; leave it out to match every address' },
    })
    expect(await post({ action: 'drop', protocol: 'icmp', port: 443 })).toEqual({ status: 400, body: { error: 'port: icmp has no ports' } })
    expect((await post({ action: 'burn' })).status).toBe(400)
    expect((await estate.admin(estate.gateway, 'GET', '/v1/rules')).body).toEqual({ items: [] })
  })
})

describe('rules', () => {
  test('mistyped addresses are not taken for names', () => {
    for (const text of ['203.0.113', '203.0.113.256', '1.2.3.4.5', '*.cisco.com', 'a..b', '', '-a', 'a b']) {
      expect(() => checkRule({ action: 'drop', to: [text] }), text).toThrow('is no address')
    }
    for (const text of ['203.0.113.5', '203.0.113.0/24', 'api-sse.cisco.com', 'cisco.com.', 'fmc'])
      checkRule({ action: 'drop', to: [text] })
  })

  test('a rule for a name without addresses matches nothing, rather than everything', () => {
    expect(toForwarding([{ action: 'drop', to: ['x.example'] }], none, '192.0.2.0/24').rules).toEqual([])
    expect(toForwarding([{ action: 'drop', to: ['x.example', '203.0.113.9'] }], none, '192.0.2.0/24').rules).toEqual([
      { action: 'drop', to: ['203.0.113.9'] },
    ])
  })

  test('keep their order and count, and never widen', () => {
    const peer = fc.constantFrom('203.0.113.9', '203.0.113.0/28', 'a.example', 'B.example')
    const rule = fc.record(
      {
        action: fc.constantFrom('accept' as const, 'drop' as const, 'reject' as const),
        from: fc.array(peer, { minLength: 1, maxLength: 3 }),
        to: fc.array(peer, { minLength: 1, maxLength: 3 }),
        port: fc.integer({ min: 1, max: 65_535 }),
      },
      { requiredKeys: ['action'] },
    )
    const addresses: Record<string, string[]> = { 'a.example': ['198.51.100.1', '198.51.100.2'], 'b.example': [] }
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (rules) => {
        const forwarding = toForwarding(rules, (name) => addresses[name]!, '192.0.2.0/24')
        const kept = rules.filter((r) => ![r.from, r.to].some((texts) => texts?.every((text) => text === 'B.example')))
        expect(forwarding.rules.map((r) => [r.action, r.port, r.from !== undefined, r.to !== undefined])).toEqual(
          kept.map((r) => [r.action, r.port, r.from !== undefined, r.to !== undefined]),
        )
        expect(namesIn(rules).size).toBeLessThanOrEqual(2)
      }),
    )
  })

  test('the contract refuses fields that it does not know', () => {
    expect(GatewayRule.safeParse({ action: 'drop', destination: 'x' }).success).toBe(false)
  })
})

describe('iptables', () => {
  const text = (forwarding: Partial<Forwarding>) => toIptables({ rules: [], otherwise: 'accept', ...forwarding })

  test('accepts what no rule matches and hides the inside network', () => {
    expect(text({ masquerade: '192.0.2.0/24' })).toBe(
      [
        '*filter',
        ':INPUT ACCEPT [0:0]',
        ':FORWARD ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        'COMMIT',
        '*nat',
        ':PREROUTING ACCEPT [0:0]',
        ':INPUT ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        ':POSTROUTING ACCEPT [0:0]',
        '-A POSTROUTING -s 192.0.2.0/24 ! -d 192.0.2.0/24 -j MASQUERADE',
        'COMMIT',
        '',
      ].join('\n'),
    )
  })

  test('has a line for each source, target and protocol, in the order of the rules', () => {
    const lines = text({
      rules: [
        { action: 'accept', from: ['192.0.2.80'] },
        { action: 'drop', from: ['192.0.2.27', '192.0.2.28'], to: ['203.0.113.0/24'], protocol: 'tcp', port: 443 },
        { action: 'reject', to: ['203.0.113.9'] },
        { action: 'drop', port: 53 },
      ],
      otherwise: 'drop',
    }).split('\n')
    expect(lines).toContain(':FORWARD DROP [0:0]')
    expect(lines.filter((line) => line.startsWith('-A FORWARD'))).toEqual([
      '-A FORWARD -s 192.0.2.80 -j ACCEPT',
      '-A FORWARD -s 192.0.2.27 -d 203.0.113.0/24 -p tcp --dport 443 -j DROP',
      '-A FORWARD -s 192.0.2.28 -d 203.0.113.0/24 -p tcp --dport 443 -j DROP',
      '-A FORWARD -d 203.0.113.9 -p tcp -j REJECT --reject-with tcp-reset',
      '-A FORWARD -d 203.0.113.9 -j REJECT --reject-with icmp-port-unreachable',
      '-A FORWARD -p tcp --dport 53 -j DROP',
      '-A FORWARD -p udp --dport 53 -j DROP',
    ])
  })
})
