import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { Conn, ForwardShape, Forwarding } from '../../shared/kernel/net.ts'
import { createSim } from '../../shared/sim/sim.ts'
import { rejection } from './hosts.ts'

const AT = { address: '203.0.113.10', port: 443 }
const EVERYTHING: ForwardShape = { to: ['203.0.113.0/24'] }

/** A customer's host, a router and a host in the internet, over virtual time. */
async function makeNetwork(shapes: readonly ForwardShape[], rules: Forwarding['rules'] = [], seed = 3) {
  const sim = createSim({ seed })
  const host = sim.addHost({
    name: 'ftd1',
    interfaces: [{ name: 'eth0', address: '192.0.2.27', netmask: '255.255.255.0', gateway: '192.0.2.1' }],
  }).world
  const gateway = sim.addHost({
    name: 'gateway',
    interfaces: [
      { name: 'eth0', address: '192.0.2.1', netmask: '255.255.255.0' },
      { name: 'eth1', address: '203.0.113.1', netmask: '255.255.255.0' },
    ],
  }).world
  const cloud = sim.addHost({
    name: 'cloud',
    interfaces: [{ name: 'eth0', address: AT.address, netmask: '255.255.255.0', gateway: '203.0.113.1' }],
  }).world
  const forward = (wanted: readonly ForwardShape[]) =>
    gateway.net.forward({ rules, otherwise: 'accept', shapes: wanted, masquerade: '192.0.2.0/24' })
  await forward(shapes)
  /** How long work takes, in lab time. */
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startMs = sim.clock.uptimeMs()
    await sim.run(work)
    return sim.clock.uptimeMs() - startMs
  }
  const dial = () => host.net.dial(AT)
  const echo = () => cloud.net.listen({ port: AT.port }, (conn) => conn.pipe(conn))
  return { sim, host, cloud, forward, timed, dial, echo, [Symbol.asyncDispose]: () => sim.close() }
}

/** Writes and waits for so many bytes to come back. */
async function roundTrip(conn: Conn, text: string): Promise<string> {
  conn.write(text)
  let heard = ''
  while (heard.length < text.length) heard += String((await once(conn, 'data'))[0])
  return heard
}

describe('a delay of the sim World', () => {
  test('a handshake, an exchange and an echo each take one round trip: twice the delay', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, delayMs: 3_000 }])
    await net.echo()
    const conn = await net.sim.run(net.dial())
    expect(net.sim.clock.uptimeMs()).toBe(6_000)
    expect(await net.timed(() => roundTrip(conn, 'x'))).toBe(6_000)
    const { rttMs } = await net.sim.run(net.host.net.ping(AT.address, 10_000))
    expect(rttMs).toBeGreaterThan(6_000)
    expect(rttMs).toBeLessThan(6_020)
    expect(await net.timed(() => rejection(net.host.net.ping(AT.address, 5_000)))).toBe(5_000)
  })

  test('holds for the flow that it names, and for its answers, and for nothing else', async () => {
    await using net = await makeNetwork([{ from: ['192.0.2.27'], to: [AT.address], protocol: 'tcp', port: 443, delayMs: 200 }])
    await net.echo()
    await net.cloud.net.listen({ port: 80 }, () => {})
    expect(await net.timed(net.dial)).toBe(400)
    expect(await net.timed(() => net.host.net.dial({ ...AT, port: 80 }))).toBe(0)
    // The same ports the other way round are another flow.
    await net.host.net.listen({ port: 443 }, () => {})
    expect(await net.timed(() => net.cloud.net.dial({ address: '192.0.2.27', port: 443 }))).toBe(0)
    expect((await net.sim.run(net.host.net.ping(AT.address, 1_000))).rttMs).toBeLessThan(20)
  })

  test('what was written close together arrives close together, in order, and the end behind it', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, delayMs: 1_000 }])
    const heard: string[] = []
    await net.cloud.net.listen({ port: AT.port }, (conn) => {
      conn.on('data', (data) => heard.push(`${String(data)}@${net.sim.clock.uptimeMs()}`))
      conn.on('end', () => heard.push(`end@${net.sim.clock.uptimeMs()}`))
    })
    const conn = await net.sim.run(net.dial())
    for (const word of ['one', 'two', 'three']) conn.write(word)
    await net.sim.advance(500)
    conn.end('four')
    await net.sim.advance(5_000)
    expect(heard).toEqual(['one@3000', 'two@3000', 'three@3000', 'four@3500', 'end@3500'])
  })

  test('nothing overtakes what is on its way when the delay ends', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, delayMs: 1_000 }])
    let heard = ''
    await net.cloud.net.listen({ port: AT.port }, (conn) => conn.on('data', (data) => (heard += String(data))))
    const conn = await net.sim.run(net.dial())
    conn.write('slow ')
    await net.sim.advance(100)
    await net.forward([])
    conn.write('fast')
    await net.sim.advance(800)
    expect(heard).toBe('')
    await net.sim.advance(200)
    expect(heard).toBe('slow fast')
  })

  test('a reset and a refusal take as long as everything else', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, delayMs: 1_000 }])
    expect(await net.timed(() => rejection(net.dial()))).toBe(2_000)
    await net.cloud.net.listen({ port: AT.port }, (conn) => conn.resetAndDestroy())
    const conn = await net.sim.run(net.dial())
    conn.resume()
    const failed = once(conn, 'error')
    // Its last acknowledgement tells the listener of the connection, and the reset comes back.
    expect(await net.timed(() => failed)).toBe(2_000)
  })

  test('a megabyte and more is on its way at once, and a reader that does not read still makes the writer wait', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, delayMs: 1_000 }])
    let received = 0
    const far = Promise.withResolvers<Conn>()
    await net.cloud.net.listen({ port: AT.port }, far.resolve)
    const conn = await net.sim.run(net.dial())
    let written = 0
    for (let i = 0; i < 256; i++) conn.write(Buffer.alloc(65_536), () => written++)
    await net.sim.advance(60_000)
    expect(written).toBeLessThan(64)
    ;(await far.promise).on('data', (data: Buffer) => (received += data.length))
    const tookMs = await net.timed(async () => {
      while (received < 256 * 65_536) await net.host.clock.sleep(100)
    })
    expect(tookMs).toBeGreaterThan(5_000)
    expect(tookMs).toBeLessThan(30_000)
  })

  test('datagrams come late, both ways', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, protocol: 'udp', port: 53, delayMs: 700 }])
    const server = await net.cloud.net.udp({ port: 53 })
    server.onMessage((data, from) => server.send(data, from))
    const client = await net.host.net.udp()
    const answered = new Promise<void>((resolve) => client.onMessage(() => resolve()))
    client.send(Buffer.from('?'), { address: AT.address, port: 53 })
    expect(await net.timed(() => answered)).toBe(1_400)
  })

  test('the first of several delays holds, and a rule that drops or rejects still does', async () => {
    await using net = await makeNetwork(
      [
        { to: [AT.address], delayMs: 100 },
        { ...EVERYTHING, delayMs: 5_000 },
      ],
      [
        { action: 'drop', protocol: 'tcp', port: 80 },
        { action: 'reject', protocol: 'tcp', port: 81 },
      ],
    )
    await net.echo()
    expect(await net.timed(net.dial)).toBe(200)
    expect(await net.sim.run(() => rejection(net.host.net.dial({ ...AT, port: 80 })))).toBe('ETIMEDOUT')
    expect(await net.timed(() => rejection(net.host.net.dial({ ...AT, port: 81 })))).toBe(0)
  })
})

describe('loss in the sim World', () => {
  test('of everything looks like a drop', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, lossPercent: 100 }])
    await net.echo()
    expect(await net.timed(() => rejection(net.dial()))).toBe(127_000)
    expect(await net.timed(() => rejection(net.host.net.ping(AT.address, 1_000)))).toBe(1_000)
  })

  test('of everything ends a connection that speaks with ETIMEDOUT', async () => {
    await using net = await makeNetwork([])
    await net.echo()
    const conn = await net.sim.run(net.dial())
    await net.forward([{ ...EVERYTHING, lossPercent: 100 }])
    const failed = once(conn, 'error')
    conn.write('x')
    const [error] = (await net.sim.run(failed)) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ETIMEDOUT')
  })

  test('of some makes TCP late, by the gaps of its retransmissions, and loses nothing', async () => {
    await using net = await makeNetwork([])
    await net.echo()
    const conn = await net.sim.run(net.dial())
    await net.forward([{ ...EVERYTHING, lossPercent: 30 }])
    const takenMs: number[] = []
    for (let i = 0; i < 200; i++) {
      const text = `word ${i}`
      takenMs.push(await net.timed(async () => expect(await roundTrip(conn, text)).toBe(text)))
      await net.sim.advance(1)
    }
    // There and back, each 0, 200, 600, 1,400 … ms late.
    const possible = [0, 200, 600, 1_400, 3_000, 6_200, 12_600, 25_400]
    const sums = new Set(possible.flatMap((there) => possible.map((back) => there + back)))
    for (const ms of takenMs) expect([...sums]).toContain(ms)
    const unharmed = takenMs.filter((ms) => ms === 0).length
    expect(unharmed).toBeGreaterThan(70)
    expect(unharmed).toBeLessThan(130)
  })

  test('is not undone by a reader that asks for more before the retransmission', async () => {
    await using net = await makeNetwork([])
    let heard = ''
    await net.cloud.net.listen({ port: AT.port }, (conn) => conn.on('data', (data) => (heard += String(data))))
    const conn = await net.sim.run(net.dial())
    await net.forward([{ ...EVERYTHING, lossPercent: 50 }])
    let atOnce = 0
    for (let i = 0; i < 400; i++) {
      heard = ''
      for (const letter of 'abc') conn.write(letter)
      await net.sim.advance(100)
      if (heard === 'abc') atOnce++
      await net.sim.advance(600_000)
      expect(heard).toBe('abc')
    }
    // Each of the three must have luck.
    expect(atOnce).toBeGreaterThan(25)
    expect(atOnce).toBeLessThan(80)
  })

  test('what is written while something lost waits for its retransmission waits behind it', async () => {
    await using net = await makeNetwork([])
    let heard = ''
    await net.cloud.net.listen({ port: AT.port }, (conn) => conn.on('data', (data) => (heard += String(data))))
    const conn = await net.sim.run(net.dial())
    await net.forward([{ ...EVERYTHING, lossPercent: 50 }])
    let sent = ''
    for (let i = 0; i < 500; i++) {
      conn.write(`${i},`)
      sent += `${i},`
      await net.sim.advance(10)
    }
    await net.sim.advance(600_000)
    expect(heard).toBe(sent)
  })

  test('makes SYNs late by 1, 3, 7 … s', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, lossPercent: 20 }])
    await net.echo()
    const takenMs: number[] = []
    for (let i = 0; i < 60; i++) takenMs.push(await net.timed(net.dial))
    for (const ms of takenMs) expect([0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000]).toContain(ms)
    expect(new Set(takenMs).size).toBeGreaterThan(2)
  })

  test('takes its share of datagrams and echoes, in each direction', async () => {
    await using net = await makeNetwork([{ ...EVERYTHING, lossPercent: 30 }])
    const server = await net.cloud.net.udp({ port: 53 })
    let arrived = 0
    let answered = 0
    server.onMessage((data, from) => {
      arrived++
      server.send(data, from)
    })
    const client = await net.host.net.udp()
    client.onMessage(() => answered++)
    for (let i = 0; i < 3_000; i++) {
      client.send(Buffer.from('?'), { address: AT.address, port: 53 })
      await net.sim.advance(1)
    }
    expect(arrived / 3_000).toBeCloseTo(0.7, 1)
    expect(answered / 3_000).toBeCloseTo(0.49, 1)
  })

  test('one seed loses the same packets, another one others', async () => {
    const lostOf = async (seed: number) => {
      await using net = await makeNetwork([{ ...EVERYTHING, lossPercent: 40 }], [], seed)
      let pattern = ''
      for (let i = 0; i < 40; i++) {
        const lost = await net.sim.run(
          net.host.net.ping(AT.address, 100).then(
            () => false,
            () => true,
          ),
        )
        pattern += lost ? 'x' : '.'
      }
      return pattern
    }
    expect(await lostOf(1)).toBe(await lostOf(1))
    expect(await lostOf(1)).not.toBe(await lostOf(2))
  })
})
