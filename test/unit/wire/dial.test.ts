import { expect, test } from 'vitest'
import { dialName } from '../../../shared/wire/dial.ts'
import { goDialError } from '../../../shared/wire/go-errors.ts'
import { address, CLOUD, createWireLab, NOBODY, PROXY, serveDns } from './wire-lab.ts'

const NAME = 'eventing-ingest.sse.itd.cisco.com'
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

test('the addresses of a name are tried in turn until one answers', async () => {
  const { sim, client, dns, cloud } = await createWireLab()
  await serveDns(dns, () => ({ answers: address(NAME, PROXY, CLOUD) }))
  await cloud.net.listen({ port: 443 }, (conn) => conn.resume())
  const tried: string[] = []
  const conn = await sim.run(dialName(client, NAME, 443, { onAddress: (one) => tried.push(one) }))
  expect(conn.remoteAddress).toBe(CLOUD)
  expect(tried).toEqual([PROXY, CLOUD])
})

test('when no address answers, the error is that of the first, as Go has it', async () => {
  const { sim, client, dns } = await createWireLab()
  await serveDns(dns, () => ({ answers: address(NAME, NOBODY, CLOUD) }))
  const error = await sim.run(failure(dialName(client, NAME, 443)))
  expect(error).toMatchObject({ code: 'EHOSTUNREACH', address: NOBODY, port: 443 })
  expect(goDialError(error)).toBe(`dial tcp ${NOBODY}:443: getsockopt: no route to host`)
})

test('an unanswered SYN gives the line of the seeds after 127 s', async () => {
  const { sim, client } = await createWireLab()
  const gateway = sim.addHost({ name: 'gateway', interfaces: [{ name: 'eth0', address: '192.0.2.1', netmask: '255.255.255.0' }] })
  await gateway.world.net.forward({ rules: [], otherwise: 'drop' })
  const error = await sim.run(failure(dialName(client, '203.0.113.5', 443)))
  expect(goDialError(error)).toBe('dial tcp 203.0.113.5:443: getsockopt: connection timed out')
  expect(client.clock.uptimeMs()).toBe(127_000)
})

test('a refused port names itself', async () => {
  const { sim, client } = await createWireLab()
  const error = await sim.run(failure(dialName(client, CLOUD, 443)))
  expect(goDialError(error)).toBe(`dial tcp ${CLOUD}:443: getsockopt: connection refused`)
})
