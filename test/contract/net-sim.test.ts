import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { Conn } from '../../shared/kernel/net.ts'
import { createSim } from '../../shared/sim/sim.ts'
import { rejection } from './hosts.ts'

/** What only virtual time can show in a fast test. A customer's host, a router, and a host in the internet. */
function makeNetwork() {
  const sim = createSim({ seed: 3 })
  const inside = { name: 'eth0', address: '192.0.2.27', netmask: '255.255.255.0', gateway: '192.0.2.1' }
  const host = sim.addHost({ name: 'ftd1', interfaces: [inside] })
  const lonely = sim.addHost({ name: 'lonely', interfaces: [{ name: 'eth0', address: '192.0.2.99', netmask: '255.255.255.0' }] })
  const gateway = sim.addHost({
    name: 'gateway',
    interfaces: [
      { name: 'eth0', address: '192.0.2.1', netmask: '255.255.255.0' },
      { name: 'eth1', address: '203.0.113.1', netmask: '255.255.255.0' },
    ],
  })
  const cloud = sim.addHost({
    name: 'cloud',
    interfaces: [{ name: 'eth0', address: '203.0.113.10', netmask: '255.255.255.0', gateway: '203.0.113.1' }],
  })
  return {
    sim,
    host: host.world,
    lonely: lonely.world,
    gateway: gateway.world,
    cloud: cloud.world,
    at: { address: '203.0.113.10', port: 443 },
  }
}

const OPEN = { rules: [], otherwise: 'accept' } as const
const SHUT = { rules: [], otherwise: 'drop' } as const

async function connected({ host, gateway, cloud, at }: ReturnType<typeof makeNetwork>): Promise<{ near: Conn; far: Conn }> {
  await gateway.net.forward(OPEN)
  const accepted = Promise.withResolvers<Conn>()
  await cloud.net.listen({ port: at.port }, accepted.resolve)
  const near = await host.net.dial(at)
  return { near, far: await accepted.promise }
}

describe('net of the sim World, over lab time', () => {
  test('an unanswered SYN gives up with ETIMEDOUT after 127 s', async () => {
    const network = makeNetwork()
    const { sim, host, gateway, at } = network
    await gateway.net.forward(SHUT)
    const startMs = sim.clock.uptimeMs()
    const dialling = host.net.dial(at)
    await sim.advance(60_000)
    expect(await host.net.sockets()).toContainEqual(expect.objectContaining({ protocol: 'tcp', state: 'SYN_SENT', remote: at }))
    expect(await sim.run(() => rejection(dialling))).toBe('ETIMEDOUT')
    expect(sim.clock.uptimeMs() - startMs).toBe(127_000)
    expect(await host.net.sockets()).toEqual([])
    await expect(dialling).rejects.toThrow('connect ETIMEDOUT 203.0.113.10:443')
    await sim.close()
  })

  test('an unanswered dial can be aborted, and leaves nothing behind', async () => {
    const { sim, host, gateway, at } = makeNetwork()
    await gateway.net.forward(SHUT)
    const stop = new AbortController()
    const dialling = host.net.dial(at, stop.signal)
    host.clock.after(5_000, () => stop.abort(new Error('5 s are enough')))
    await expect(sim.run(dialling)).rejects.toThrow('5 s are enough')
    expect(sim.clock.uptimeMs()).toBe(5_000)
    expect(await host.net.sockets()).toEqual([])
    await sim.close()
  })

  test('a SYN that is repeated when the way is open again gets through', async () => {
    const network = makeNetwork()
    const { sim, host, gateway, cloud, at } = network
    await gateway.net.forward(SHUT)
    await cloud.net.listen({ port: at.port }, () => {})
    const dialling = host.net.dial(at)
    await sim.advance(10_000)
    await gateway.net.forward(OPEN)
    await sim.run(dialling)
    // SYNs leave after 0, 1, 3, 7 and 15 s.
    expect(sim.clock.uptimeMs()).toBe(15_000)
    await sim.close()
  })

  test('a neighbour that does not exist gives EHOSTUNREACH after about 3 s', async () => {
    const { sim, host } = makeNetwork()
    expect(await sim.run(() => rejection(host.net.dial({ address: '192.0.2.10', port: 53 })))).toBe('EHOSTUNREACH')
    expect(sim.clock.uptimeMs()).toBeGreaterThan(2_900)
    expect(sim.clock.uptimeMs()).toBeLessThan(3_500)
    expect(await sim.run(() => rejection(host.net.ping('192.0.2.10', 10_000)))).toBe('EHOSTUNREACH')
    await sim.close()
  })

  test('without a route there is ENETUNREACH, at once', async () => {
    const { sim, lonely, at } = makeNetwork()
    expect(await sim.run(() => rejection(lonely.net.dial(at)))).toBe('ENETUNREACH')
    expect(await sim.run(() => rejection(lonely.net.ping(at.address, 1_000)))).toBe('ENETUNREACH')
    expect(sim.clock.uptimeMs()).toBe(0)
    await sim.close()
  })

  test('a router that rejects refuses, a host that does not forward loses', async () => {
    const { sim, host, gateway, at } = makeNetwork()
    const startMs = sim.clock.uptimeMs()
    expect(await sim.run(() => rejection(host.net.dial(at)))).toBe('ETIMEDOUT')
    expect(sim.clock.uptimeMs() - startMs).toBe(127_000)
    await gateway.net.forward({ rules: [{ action: 'reject', to: ['203.0.113.0/24'], protocol: 'tcp', port: 443 }], otherwise: 'accept' })
    expect(await sim.run(() => rejection(host.net.dial(at)))).toBe('ECONNREFUSED')
    await sim.close()
  })

  test('the first rule that matches decides', async () => {
    const { sim, host, gateway, cloud, at } = makeNetwork()
    await cloud.net.listen({ port: 443 }, () => {})
    await cloud.net.listen({ port: 8_443 }, () => {})
    await gateway.net.forward({
      rules: [
        { action: 'accept', to: ['203.0.113.10'], protocol: 'tcp', port: 443 },
        { action: 'reject', from: ['192.0.2.27'], protocol: 'tcp' },
      ],
      otherwise: 'accept',
    })
    await sim.run(() => host.net.dial(at))
    expect(await sim.run(() => rejection(host.net.dial({ ...at, port: 8_443 })))).toBe('ECONNREFUSED')
    await sim.close()
  })

  test('masquerade hides the source address', async () => {
    const { sim, host, gateway, cloud, at } = makeNetwork()
    await gateway.net.forward({ ...OPEN, masquerade: '192.0.2.0/24' })
    const accepted = Promise.withResolvers<Conn>()
    await cloud.net.listen({ port: 443 }, accepted.resolve)
    await sim.run(() => host.net.dial(at))
    expect((await accepted.promise).remoteAddress).toBe('203.0.113.1')
    await sim.close()
  })

  test('a cut that heals in time is only a delay', async () => {
    const network = makeNetwork()
    const { sim, gateway } = network
    const { near, far } = await sim.run(() => connected(network))
    const heard: string[] = []
    far.on('data', (data) => heard.push(String(data)))
    await gateway.net.forward(SHUT)
    near.write('through ')
    near.write('the cut')
    await sim.advance(30_000)
    expect(heard).toEqual([])
    await gateway.net.forward(OPEN)
    await sim.advance(60_000)
    expect(heard.join('')).toBe('through the cut')
    await sim.close()
  })

  test('a cut that does not heal is silence to who only listens, and ETIMEDOUT to who speaks', async () => {
    const network = makeNetwork()
    const { sim, gateway } = network
    const { near, far } = await sim.run(() => connected(network))
    await gateway.net.forward(SHUT)
    const failed = once(near, 'error')
    far.resume()
    far.once('end', () => expect.fail('no FIN can come through'))
    near.write('x')
    const [error] = (await sim.run(failed)) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ETIMEDOUT')
    expect(sim.clock.uptimeMs()).toBeGreaterThan(10 * 60_000)
    expect(far.destroyed).toBe(false)
    await sim.close()
  })

  test('an end that went away behind a cut leaves the other half open until it speaks', async () => {
    const network = makeNetwork()
    const { sim, gateway, cloud } = network
    const { near, far } = await sim.run(() => connected(network))
    await gateway.net.forward(SHUT)
    far.resetAndDestroy()
    near.resume()
    await sim.advance(3_600_000)
    expect(near.destroyed).toBe(false)
    expect((await cloud.net.sockets()).filter((row) => row.protocol === 'tcp' && row.state === 'ESTABLISHED')).toEqual([])
    await gateway.net.forward(OPEN)
    const failed = once(near, 'error')
    near.write('are you there?')
    const [error] = (await sim.run(failed)) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    await sim.close()
  })

  test('an echo through a router loses a hop; one that is dropped times out', async () => {
    const { sim, host, gateway, at } = makeNetwork()
    await gateway.net.forward(OPEN)
    expect((await sim.run(() => host.net.ping(at.address, 1_000))).ttl).toBe(63)
    await gateway.net.forward(SHUT)
    const startMs = sim.clock.uptimeMs()
    expect(await sim.run(() => rejection(host.net.ping(at.address, 1_000)))).toBe('ETIMEDOUT')
    expect(sim.clock.uptimeMs() - startMs).toBe(1_000)
    await sim.close()
  })

  test('a datagram to a closed port is answered, and its sender told', async () => {
    const { sim, host, gateway, at } = makeNetwork()
    await gateway.net.forward(OPEN)
    const socket = await host.net.udp()
    const told = new Promise<NodeJS.ErrnoException>((resolve) => socket.onError(resolve))
    socket.send(Buffer.from('x'), at)
    expect((await sim.run(told)).code).toBe('ECONNREFUSED')
    await sim.close()
  })

  test('a loopback is the host’s own', async () => {
    const { sim, host, cloud } = makeNetwork()
    await host.net.listen({ address: '127.0.0.1', port: 8_989 }, () => {})
    await sim.run(() => host.net.dial({ address: '127.0.0.1', port: 8_989 }))
    expect(await sim.run(() => rejection(cloud.net.dial({ address: '127.0.0.1', port: 8_989 })))).toBe('ECONNREFUSED')
    expect(await sim.run(() => rejection(host.net.dial({ address: '192.0.2.27', port: 8_989 })))).toBe('ECONNREFUSED')
    await sim.close()
  })

  test('two runs with one seed leave the same trace', async () => {
    const runOnce = async () => {
      const network = makeNetwork()
      const { near, far } = await network.sim.run(() => connected(network))
      far.pipe(far)
      near.end('x')
      near.resume()
      await network.sim.advance(1_000)
      await network.sim.close()
      return network.sim.traceHash()
    }
    expect(await runOnce()).toBe(await runOnce())
  })
})
