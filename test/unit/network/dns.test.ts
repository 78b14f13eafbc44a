import { encode, type Answer } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { ADDRESSES } from '../../../shared/contract/topology.ts'
import { createResolver } from '../../../shared/wire/dns/resolver.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { cloudAddresses } from '../../../services/dns/zone.ts'
import { addressesOf, startEstate } from './estate.ts'

const INGEST = 'eventing-ingest.sse.itd.cisco.com'

function brief(answers: readonly Answer[] | undefined) {
  return answers?.map((answer) => [answer.name, answer.type, 'data' in answer ? answer.data : undefined])
}

describe('the zone', () => {
  test('gives every cloud name two addresses of its own', () => {
    const all = cloudAddresses().flatMap(({ addresses }) => addresses)
    expect(new Set(all).size).toBe(2 * cloudAddresses().length)
    for (const address of all) expect(address).toMatch(/^203\.0\.113\.\d+$/)
  })
})

describe('the resolver', () => {
  test('answers api-sse.cisco.com with its alias and two addresses, recursively and not with authority', async () => {
    await using estate = await startEstate()
    const { message, server } = await estate.sim.run(createResolver(estate.client).query('api-sse.cisco.com', 'A'))
    const [first, second] = addressesOf('api-sse.cisco.com')
    expect(server).toBe(ADDRESSES.dns)
    expect([message.flag_ra, message.flag_aa, message.flag_rd]).toEqual([true, false, true])
    expect(brief(message.answers)).toEqual([
      ['api-sse.cisco.com', 'CNAME', 'api-sse.cisco.com.akadns.net'],
      ['api-sse.cisco.com.akadns.net', 'A', first],
      ['api-sse.cisco.com.akadns.net', 'A', second],
    ])
  })

  test('rotates the addresses of a name with each answer', async () => {
    await using estate = await startEstate()
    const resolver = createResolver(estate.client)
    const [first, second] = addressesOf(INGEST)
    expect(await estate.sim.run(resolver.lookup(INGEST))).toEqual([first, second])
    expect(await estate.sim.run(resolver.lookup(INGEST))).toEqual([second, first])
    expect(await estate.sim.run(resolver.lookup(INGEST))).toEqual([first, second])
  })

  test('knows reverse names: in cloud style for cloud addresses, host names for the lab', async () => {
    await using estate = await startEstate()
    const resolver = createResolver(estate.client)
    expect(await estate.sim.run(resolver.reverse('203.0.113.200'))).toBe('ec2-203-0-113-200.compute-1.amazonaws.com')
    expect(await estate.sim.run(resolver.reverse(ADDRESSES.ftd1))).toBe('ftd1.lab.example')
    expect(await estate.sim.run(resolver.lookup('ftd1.lab.example'))).toEqual([ADDRESSES.ftd1])
  })

  test('tells an unknown name (NXDOMAIN) from a name without that record', async () => {
    await using estate = await startEstate()
    const resolver = createResolver(estate.client)
    expect((await estate.sim.run(resolver.query('nowhere.example', 'A'))).rcode).toBe('NXDOMAIN')
    expect((await estate.sim.run(resolver.query('constructor', 'A'))).rcode).toBe('NXDOMAIN')
    const aaaa = await estate.sim.run(resolver.query(INGEST, 'AAAA'))
    expect([aaaa.rcode, aaaa.message.answers]).toEqual(['NOERROR', []])
    expect((await estate.sim.run(resolver.query('sse.itd.cisco.com', 'A'))).rcode).toBe('NOERROR')
  })

  test('keeps silent, hides, fails and redirects as an administrator says, and goes back', async () => {
    await using estate = await startEstate()
    const resolver = createResolver(estate.client)
    const ask = () =>
      estate.sim.run(resolver.lookup(INGEST)).then(
        (addresses) => addresses.join(),
        (error: { code: string }) => error.code,
      )
    const cases = [
      [{ name: INGEST, answer: 'silence' }, 'ETIMEOUT'],
      [{ answer: 'silence' }, 'ETIMEOUT'],
      [{ name: '*.sse.itd.cisco.com', answer: 'nxdomain' }, 'ENOTFOUND'],
      [{ name: INGEST.toUpperCase(), answer: 'servfail' }, 'ESERVFAIL'],
      [{ name: INGEST, answer: 'addresses', addresses: ['192.0.2.99'] }, '192.0.2.99'],
    ] as const
    for (const [override, outcome] of cases) {
      const { status, body } = await estate.admin(estate.dns, 'POST', '/v1/overrides', override)
      expect(status).toBe(201)
      expect(await ask()).toBe(outcome)
      expect((await estate.admin(estate.dns, 'DELETE', `/v1/overrides/${String(body?.id)}`)).status).toBe(204)
    }
    expect((await ask()).split(',').toSorted()).toEqual(addressesOf(INGEST))
  })

  test('an override may be for some questions only, and a question counts once, at however many names on its way it matches', async () => {
    await using estate = await startEstate()
    await estate.admin(estate.dns, 'POST', '/v1/overrides', { answer: 'nxdomain', skip: 1, times: 1 })
    const rcodes: string[] = []
    for (let question = 0; question < 3; question++)
      rcodes.push((await estate.sim.run(createResolver(estate.client).query('api-sse.cisco.com', 'A'))).rcode)
    expect(rcodes).toEqual(['NOERROR', 'NXDOMAIN', 'NOERROR'])
  })

  test('answers with the alias alone when the alias target is blocked', async () => {
    await using estate = await startEstate()
    await estate.admin(estate.dns, 'POST', '/v1/overrides', { name: '*.akadns.net', answer: 'nxdomain' })
    const { rcode, message } = await estate.sim.run(createResolver(estate.client).query('api-sse.cisco.com', 'A'))
    expect([rcode, brief(message.answers)]).toEqual(['NXDOMAIN', [['api-sse.cisco.com', 'CNAME', 'api-sse.cisco.com.akadns.net']]])
  })

  test('lets the addresses of a name move, and has reverse names for where they go', async () => {
    await using estate = await startEstate()
    expect((await estate.admin(estate.dns, 'PUT', `/v1/records/${INGEST}`, { addresses: ['203.0.113.240'] })).status).toBe(200)
    const resolver = createResolver(estate.client)
    expect(await estate.sim.run(resolver.lookup(INGEST))).toEqual(['203.0.113.240'])
    expect(await estate.sim.run(resolver.reverse('203.0.113.240'))).toMatch(/^ec2-203-0-113-240/)
  })

  test('marks an answer that is too long for UDP, so that it comes over TCP', async () => {
    await using estate = await startEstate()
    const addresses = Array.from({ length: 100 }, (_, index) => `203.0.113.${index + 100}`)
    await estate.admin(estate.dns, 'PUT', '/v1/records/many.example', { addresses })
    expect((await estate.sim.run(createResolver(estate.client).lookup('many.example'))).toSorted()).toEqual(addresses)
  })

  test('ignores packets that are no queries and still answers the next one', async () => {
    await using estate = await startEstate()
    const heard: Buffer[] = []
    const udp = await estate.sim.run(estate.client.net.udp())
    udp.onMessage((data) => heard.push(data))
    const dns = { address: ADDRESSES.dns, port: 53 }
    udp.send(Buffer.from('noise'), dns)
    udp.send(Buffer.alloc(0), dns)
    udp.send(encode({ type: 'response', id: 7, questions: [{ type: 'A', name: INGEST }] }), dns)
    udp.send(encode({ type: 'query', id: 8, questions: [{ type: 'A', name: INGEST }] }).subarray(0, 20), dns)
    await estate.sim.advance(1_000)
    expect(heard).toEqual([])
    const opcode = encode({ type: 'query', id: 9, questions: [{ type: 'A', name: INGEST }] })
    opcode[2] = opcode[2]! | (2 << 3)
    udp.send(opcode, dns)
    await estate.sim.advance(1_000)
    expect(heard.map((data) => data[3]! & 15)).toEqual([4])
    expect(await estate.sim.run(createResolver(estate.client).lookup(INGEST))).toHaveLength(2)
  })

  test('serves several queries that come in pieces over one TCP connection', async () => {
    await using estate = await startEstate()
    const conn = await estate.sim.run(estate.client.net.dial({ address: ADDRESSES.dns, port: 53 }))
    let received = Buffer.alloc(0)
    conn.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])))
    const query = encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'ftd1.lab.example' }] })
    const framed = Buffer.concat([Buffer.from([0, query.length]), query])
    for (const byte of Buffer.concat([framed, framed])) conn.write(Buffer.from([byte]))
    await estate.sim.advance(1_000)
    const length = received.readUInt16BE(0)
    expect(received.length).toBe(2 * (2 + length))
    conn.end()
  })

  test('is healthy while it listens', async () => {
    await using estate = await startEstate()
    expect(await estate.sim.run(estate.dns.health())).toMatchObject({ healthy: true, waitingFor: [] })
    await estate.sim.run(async () => estate.dns[Symbol.asyncDispose]())
    expect(await estate.sim.run(estate.dns.health())).toMatchObject({
      healthy: false,
      waitingFor: ['udp port 53', 'tcp port 53', 'tcp port 9000'],
    })
  })
})

describe('the administration API', () => {
  test('says in a sentence what is wrong', async () => {
    await using estate = await startEstate()
    const { admin, dns } = estate
    expect(await admin(dns, 'GET', '/v1/rules')).toEqual({
      status: 404,
      body: { error: 'there is nothing at /v1/rules; there are /v1/overrides, /v1/overrides/{id}, /v1/records, /v1/records/{name}' },
    })
    expect(await admin(dns, 'DELETE', '/v1/overrides')).toEqual({ status: 405, body: { error: '/v1/overrides answers GET, POST' } })
    expect(await admin(dns, 'DELETE', '/v1/overrides/x')).toEqual({ status: 404, body: { error: 'there is no override x' } })
    expect(await admin(dns, 'POST', '/v1/overrides', { answer: 'maybe', colour: 'red' })).toMatchObject({ status: 400 })
    expect(await admin(dns, 'POST', '/v1/overrides', { answer: 'addresses' })).toEqual({
      status: 400,
      body: { error: 'addresses: addresses belong to the answer "addresses", which needs them' },
    })
    expect(await admin(dns, 'PUT', '/v1/records/x', {})).toEqual({
      status: 400,
      body: { error: 'a record has exactly one of addresses, cname, pointer' },
    })
    expect((await admin(dns, 'GET', '/v1/overrides')).body).toEqual({ items: [] })
  })

  test('lets nobody in without the token', async () => {
    await using estate = await startEstate()
    for (const authorization of [undefined, 'Bearer', 'Bearer wrong', 'Basic the-token']) {
      const response = await estate.sim.run(
        request(estate.client, { url: `http://${ADDRESSES.dns}:9000/v1/overrides`, ...(authorization && { headers: { authorization } }) }),
      )
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    }
  })

  test('refuses a body that is no JSON, or too large, and goes on', async () => {
    await using estate = await startEstate()
    const post = (body: string) =>
      estate.sim.run(
        request(estate.client, {
          url: `http://${ADDRESSES.dns}:9000/v1/overrides`,
          method: 'POST',
          headers: { authorization: 'Bearer the-token' },
          body,
        }),
      )
    expect((await post('{')).status).toBe(400)
    expect((await post('')).status).toBe(400)
    expect((await post('x'.repeat(1_100_000))).status).toBe(413)
    expect((await post('{"answer":"silence"}')).status).toBe(201)
  })
})
