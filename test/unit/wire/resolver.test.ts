import { expect, test } from 'vitest'
import { decodeMessage } from '../../../shared/wire/dns/message.ts'
import { encodeResponse } from '../../support/dns-response.ts'
import { createResolver } from '../../../shared/wire/dns/resolver.ts'
import { goDialError } from '../../../shared/wire/go-errors.ts'
import { dialName } from '../../../shared/wire/dial.ts'
import { address, CLIENT, createWireLab, DNS, NOBODY, serveDns } from './wire-lab.ts'

const NAME = 'api-sse.cisco.com'
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('a name resolves to its addresses in the order of the answer, through a CNAME', async () => {
  const { sim, client, dns } = await createWireLab()
  await serveDns(dns, () => ({
    answers: [{ type: 'CNAME', name: NAME, data: 'x.akadns.net' }, ...address('x.akadns.net', '203.0.113.6', '203.0.113.5')],
  }))
  expect(await sim.run(createResolver(client).lookup(NAME))).toEqual(['203.0.113.6', '203.0.113.5'])
})

test('addresses and names of /etc/hosts ask nobody', async () => {
  const { sim, client } = await createWireLab()
  await client.files.write('/etc/hosts', '127.0.0.1 localhost # here\n192.0.2.20\tfmc.lab FMC\n')
  const resolver = createResolver(client)
  expect(await sim.run(resolver.lookup('203.0.113.9'))).toEqual(['203.0.113.9'])
  expect(await sim.run(resolver.lookup('fmc'))).toEqual(['192.0.2.20'])
  expect(await sim.run(resolver.reverse('192.0.2.20'))).toBe('fmc.lab')
})

test('resolv.conf is read anew at every call', async () => {
  const { sim, client, dns } = await createWireLab()
  await serveDns(dns, () => ({ answers: address(NAME, '203.0.113.5') }))
  const resolver = createResolver(client)
  await client.files.write('/etc/resolv.conf', '')
  expect(await sim.run(failure(resolver.lookup(NAME)))).toMatchObject({ code: 'ENOSERVER', server: undefined })
  await client.files.write('/etc/resolv.conf', `search lab\nnameserver ${DNS}\n`)
  expect(await sim.run(resolver.lookup(NAME))).toEqual(['203.0.113.5'])
})

test('a silent server costs two tries of five seconds, and Go says read udp … i/o timeout', async () => {
  const { sim, client, dns } = await createWireLab()
  const server = await serveDns(dns, () => undefined)
  const before = client.clock.now()
  const error = await sim.run(failure(dialName(client, NAME, 443)))
  expect(error).toMatchObject({ code: 'ETIMEOUT', hostname: NAME, server: DNS })
  expect(client.clock.now() - before).toBe(10_000)
  expect(server.questions).toHaveLength(2)
  expect(server.questions[0]!.id).not.toBe(server.questions[1]!.id)
  expect(goDialError(error)).toMatch(
    /^dial tcp: lookup api-sse\.cisco\.com on 192\.0\.2\.11:53: read udp 192\.0\.2\.27:\d+->192\.0\.2\.11:53: i\/o timeout$/,
  )
})

test('a server that does not exist is a time-out too', async () => {
  const { sim, client } = await createWireLab()
  await client.files.write('/etc/resolv.conf', `nameserver ${NOBODY}\n`)
  expect(await sim.run(failure(createResolver(client).lookup(NAME)))).toMatchObject({ code: 'ETIMEOUT', server: NOBODY })
})

test('a closed port counts as a failed try at once, and the next server is asked', async () => {
  const { sim, client, dns } = await createWireLab()
  await client.files.write('/etc/resolv.conf', `nameserver ${CLIENT}\nnameserver ${DNS}\n`)
  await serveDns(dns, () => ({ answers: address(NAME, '203.0.113.5') }))
  const before = client.clock.now()
  expect(await sim.run(createResolver(client).lookup(NAME))).toEqual(['203.0.113.5'])
  expect(client.clock.now()).toBe(before)
  await client.files.write('/etc/resolv.conf', `nameserver ${CLIENT}\n`)
  expect(await sim.run(failure(createResolver(client).lookup(NAME)))).toMatchObject({ code: 'ECONNREFUSED' })
})

test('NXDOMAIN, no data and SERVFAIL are told apart', async () => {
  const { sim, client, dns } = await createWireLab()
  await serveDns(dns, (question) => {
    const name = question.questions![0]!.name
    if (name === 'gone.lab') return { rcode: 'NXDOMAIN' }
    return name === 'bad.lab' ? { rcode: 'SERVFAIL' } : { answers: [] }
  })
  const resolver = createResolver(client)
  const codes = []
  for (const name of ['gone.lab', 'empty.lab', 'bad.lab']) codes.push(await sim.run(failure(resolver.lookup(name))))
  expect(codes).toMatchObject([
    { code: 'ENOTFOUND', server: DNS },
    { code: 'ENODATA', server: DNS },
    { code: 'ESERVFAIL', server: DNS },
  ])
  expect(codes.map(goDialError)).toEqual([
    'dial tcp: lookup gone.lab on 192.0.2.11:53: no such host',
    'dial tcp: lookup empty.lab on 192.0.2.11:53: no such host',
    'dial tcp: lookup bad.lab on 192.0.2.11:53: server misbehaving',
  ])
  expect(await sim.run(resolver.query('gone.lab', 'A'))).toMatchObject({ rcode: 'NXDOMAIN', server: DNS })
})

test('a server that answers SERVFAIL gives way to the next one', async () => {
  const { sim, client, dns, cloud } = await createWireLab()
  await client.files.write('/etc/resolv.conf', `nameserver 192.0.2.30\nnameserver ${DNS}\n`)
  await serveDns(cloud, () => ({ rcode: 'SERVFAIL' }))
  await serveDns(dns, () => ({ answers: address(NAME, '203.0.113.5') }))
  expect(await sim.run(createResolver(client).lookup(NAME))).toEqual(['203.0.113.5'])
})

test('a truncated answer is asked for again over TCP', async () => {
  const { sim, client, dns } = await createWireLab()
  const many = Array.from({ length: 60 }, (_, index) => `203.0.113.${index + 1}`)
  await serveDns(dns, () => ({ answers: address(NAME, ...many) }))
  expect(await sim.run(createResolver(client).lookup(NAME))).toEqual(many)
})

test('a wrong id, a wrong name and rubbish are not taken for an answer', async () => {
  const { sim, client, dns } = await createWireLab()
  const socket = await dns.net.udp({ port: 53 })
  socket.onMessage((data, from) => {
    const question = decodeMessage(data)!
    socket.send(Buffer.from('rubbish'), from)
    socket.send(encodeResponse({ ...question, id: question.id! ^ 1 }, { answers: address(NAME, '203.0.113.66') }), from)
    socket.send(
      encodeResponse({ ...question, questions: [{ type: 'A', name: 'other.lab' }] }, { answers: address(NAME, '203.0.113.67') }),
      from,
    )
    socket.send(encodeResponse(question, { answers: address(NAME, '203.0.113.5') }), from)
  })
  expect(await sim.run(createResolver(client).lookup(NAME))).toEqual(['203.0.113.5'])
})

test('an address has the name of its PTR record, or none', async () => {
  const { sim, client, dns } = await createWireLab()
  await serveDns(dns, ({ questions }) =>
    questions![0]!.name === '5.113.0.203.in-addr.arpa'
      ? { answers: [{ type: 'PTR', name: questions![0]!.name, data: 'ec2-203-0-113-5.compute-1.amazonaws.com' }] }
      : { rcode: 'NXDOMAIN' },
  )
  expect(await sim.run(createResolver(client).reverse('203.0.113.5'))).toBe('ec2-203-0-113-5.compute-1.amazonaws.com')
  expect(await sim.run(createResolver(client).reverse('203.0.113.6'))).toBeUndefined()
})

test('an aborted look-up ends with the reason', async () => {
  const { sim, client, dns } = await createWireLab()
  await serveDns(dns, () => undefined)
  const abort = new AbortController()
  client.clock.after(1_000, () => abort.abort(new Error('enough')))
  expect(await sim.run(failure(createResolver(client).lookup(NAME, abort.signal)))).toMatchObject({ message: 'enough' })
  expect(client.clock.uptimeMs()).toBe(1_000)
})
