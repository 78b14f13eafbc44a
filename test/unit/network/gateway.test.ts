import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayRule } from '../../../shared/contract/admin.ts'
import { checkTraffic, namesIn, toForwarding } from '../../../services/gateway/rules.ts'
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

describe('shapes', () => {
  const UNABLE = {
    delay: { able: false, why: 'this kernel has no sch_netem, so this host cannot delay packets' },
    loss: { able: true },
  } as const

  /** How long a connection from the client to a cloud address takes. */
  async function dialledInMs(estate: Estate, address: string): Promise<number> {
    const startMs = estate.sim.clock.uptimeMs()
    expect(await outcome(estate, address)).toBe('connected')
    return estate.sim.clock.uptimeMs() - startMs
  }

  test('slow the way to a name down, follow it, and go again', async () => {
    await using estate = await startEstate()
    await listenInTheCloud(estate)
    const made = await estate.admin(estate.gateway, 'POST', '/v1/shapes', { to: [INGEST], port: 443, delayMs: 250 })
    expect(made).toEqual({ status: 201, body: { id: 'shape-1', to: [INGEST], port: 443, delayMs: 250 } })
    expect((await estate.admin(estate.gateway, 'GET', '/v1/shapes')).body).toEqual({ items: [made.body] })
    for (const address of addressesOf(INGEST)) expect(await dialledInMs(estate, address)).toBe(500)
    const moved = addressesOf(API)[0]!
    expect(await dialledInMs(estate, moved)).toBe(0)
    await estate.admin(estate.dns, 'PUT', `/v1/records/${INGEST}`, { addresses: [moved] })
    await estate.sim.advance(60_000)
    expect(await dialledInMs(estate, moved)).toBe(500)
    expect((await estate.admin(estate.gateway, 'DELETE', '/v1/shapes/shape-1')).status).toBe(204)
    expect((await estate.admin(estate.gateway, 'DELETE', '/v1/shapes/shape-1')).status).toBe(404)
    expect(await dialledInMs(estate, moved)).toBe(0)
  })

  test('leave the verdict to the rules', async () => {
    await using estate = await startEstate()
    await listenInTheCloud(estate)
    await estate.admin(estate.gateway, 'POST', '/v1/rules', { action: 'drop', to: [INGEST] })
    await estate.admin(estate.gateway, 'POST', '/v1/shapes', { delayMs: 100, lossPercent: 0.5 })
    expect(await outcome(estate, addressesOf(INGEST)[0]!)).toBe('ETIMEDOUT')
    expect(await dialledInMs(estate, addressesOf(API)[0]!)).toBe(200)
  })

  test('that make no sense are refused in words', async () => {
    await using estate = await startEstate()
    const post = (shape: unknown) => estate.admin(estate.gateway, 'POST', '/v1/shapes', shape)
    expect(await post({ to: ['203.0.113.9'] })).toEqual({
      status: 400,
      body: { error: 'delayMs: a shape has delayMs, lossPercent or both' },
    })
    expect(await post({ to: ['api-see.cisco.com'], delayMs: 1 })).toEqual({
      status: 400,
      body: { error: 'api-see.cisco.com has no address, says the DNS server 192.0.2.11' },
    })
    for (const wrong of [{ delayMs: 0 }, { delayMs: 60_001 }, { lossPercent: 0 }, { lossPercent: 101 }, { delayMs: 1, port: 0 }])
      expect((await post(wrong)).status, JSON.stringify(wrong)).toBe(400)
    expect((await estate.admin(estate.gateway, 'GET', '/v1/shapes')).body).toEqual({ items: [] })
  })

  test('that the host cannot do are answered with 501 and why, and what it can is told', async () => {
    await using estate = await startEstate()
    expect((await estate.admin(estate.gateway, 'GET', '/v1/abilities')).body).toEqual({
      items: [
        { name: 'delay', able: true },
        { name: 'loss', able: true },
      ],
    })
    await using lesser = await startEstate({ shaping: UNABLE })
    const post = (shape: unknown) => lesser.admin(lesser.gateway, 'POST', '/v1/shapes', shape)
    expect((await lesser.admin(lesser.gateway, 'GET', '/v1/abilities')).body).toEqual({
      items: [
        { name: 'delay', ...UNABLE.delay },
        { name: 'loss', able: true },
      ],
    })
    expect(await post({ to: ['203.0.113.9'], delayMs: 1 })).toEqual({ status: 501, body: { error: UNABLE.delay.why } })
    expect((await post({ to: ['203.0.113.9'], lossPercent: 1 })).status).toBe(201)
    expect((await lesser.admin(lesser.gateway, 'GET', '/v1/shapes')).body).toMatchObject({ items: [{ lossPercent: 1 }] })
  })
})

describe('rules', () => {
  test('mistyped addresses are not taken for names', () => {
    for (const text of ['203.0.113', '203.0.113.256', '1.2.3.4.5', '*.cisco.com', 'a..b', '', '-a', 'a b']) {
      expect(() => checkTraffic({ to: [text] }), text).toThrow('is no address')
    }
    for (const text of ['203.0.113.5', '203.0.113.0/24', 'api-sse.cisco.com', 'cisco.com.', 'fmc']) checkTraffic({ to: [text] })
  })

  test('a rule for a name without addresses matches nothing, rather than everything', () => {
    const forwarding = (rules: GatewayRule[]) => toForwarding({ rules, shapes: [], masquerade: '192.0.2.0/24' }, none)
    expect(forwarding([{ action: 'drop', to: ['x.example'] }]).rules).toEqual([])
    expect(forwarding([{ action: 'drop', to: ['x.example', '203.0.113.9'] }]).rules).toEqual([{ action: 'drop', to: ['203.0.113.9'] }])
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
        const forwarding = toForwarding({ rules, shapes: [], masquerade: '192.0.2.0/24' }, (name) => addresses[name]!)
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
