import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { describe, expect } from 'vitest'
import fc from 'fast-check'
import type { Conn, Endpoint, Listener } from '../../shared/kernel/net.ts'
import { createPki } from '../../shared/wire/pki/pki.ts'
import { connectTls } from '../../shared/wire/tls/client.ts'
import { acceptTls } from '../../shared/wire/tls/server.ts'
import { hostsTest, rejection, until, type MakeHosts, type TwoHosts } from './hosts.ts'

/** What every World's IP stack must do. */
export function netContract(name: string, makeHosts: MakeHosts): void {
  describe(`net of the ${name}`, () => {
    hostsTest('both ends of a connection know both addresses', makeHosts, async (hosts) => {
      const { near, far, at } = await connected(hosts)
      expect([near.remoteAddress, near.remotePort]).toEqual([at.address, at.port])
      expect([far.localAddress, far.localPort]).toEqual([at.address, at.port])
      expect([near.localAddress, far.remoteAddress]).toEqual([hosts.addressOfA, hosts.addressOfA])
      expect(near.localPort).toBe(far.remotePort)
    })

    hostsTest('a TLS server knows both addresses of a secured connection', makeHosts, async ({ a, b, addressOfA, addressesOfB, port }) => {
      const identity = createPki({ validFromMs: a.clock.now(), validToMs: a.clock.now() }).issue({ commonName: 'b' })
      const { promise: accepted, resolve } = Promise.withResolvers<TLSSocket>()
      const accept = acceptTls({ clock: b.clock, identity: () => identity }, resolve)
      const { at } = await b.net.listen({ address: addressesOfB[0], port: port() }, accept)
      const conn = await a.net.dial(at)
      await connectTls(conn, { clock: a.clock, rejectUnauthorized: false })
      const { localAddress, localPort, remoteAddress, remotePort } = await accepted
      expect([localAddress, localPort]).toEqual([at.address, at.port])
      expect([remoteAddress, remotePort]).toEqual([addressOfA, conn.localPort])
    })

    hostsTest('bytes arrive in order in both directions, in whatever chunks they were written', makeHosts, async (hosts) => {
      const chunks = fc
        .array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 12 })
        .map((lengths) => lengths.map((length, index) => Buffer.alloc(length, `${index} of ${lengths.length} `)))
      await fc.assert(
        fc.asyncProperty(chunks, chunks, async (there, back) => {
          const { near, far, listener } = await connected(hosts)
          const arrived = Promise.all([readAll(far), readAll(near)])
          for (const chunk of there) near.write(chunk)
          for (const chunk of back) far.write(chunk)
          near.end()
          far.end()
          const [atFar, atNear] = await arrived
          expect(atFar.equals(Buffer.concat(there))).toBe(true)
          expect(atNear.equals(Buffer.concat(back))).toBe(true)
          await listener[Symbol.asyncDispose]()
        }),
        { numRuns: 12 },
      )
    })

    hostsTest('an end that has nothing more to say can still listen', makeHosts, async (hosts) => {
      const { near, far } = await connected(hosts)
      const heard = readAll(near)
      near.end('question')
      expect((await readAll(far)).toString()).toBe('question')
      far.write('ans')
      await hosts.a.clock.sleep(10)
      const closed = Promise.all([once(near, 'close'), once(far, 'close')])
      far.end('wer')
      expect((await heard).toString()).toBe('answer')
      await closed
    })

    hostsTest('a reset reaches the other end as ECONNRESET', makeHosts, async (hosts) => {
      const { near, far } = await connected(hosts)
      const failed = failure(near)
      near.resume()
      far.resetAndDestroy()
      expect((await failed).code).toBe('ECONNRESET')
      expect(near.destroyed).toBe(true)
    })

    hostsTest('an end that is destroyed with nothing unread ends the other without an error', makeHosts, async (hosts) => {
      const { near, far } = await connected(hosts)
      const ended = once(far, 'end')
      far.resume()
      near.destroy()
      await ended
    })

    hostsTest('writing to an end that is gone ends in an error', makeHosts, async (hosts) => {
      const { near, far } = await connected(hosts)
      const failed = failure(near)
      near.resume()
      far.destroy()
      await until(hosts.a, 'the write failed', () => {
        if (near.destroyed) return true
        near.write('x')
        return false
      })
      expect(['ECONNRESET', 'EPIPE']).toContain((await failed).code)
    })

    hostsTest('a reader that does not read makes the writer wait, and nothing is lost', makeHosts, async (hosts) => {
      const { near, far } = await connected(hosts)
      far.pause()
      const chunk = Buffer.alloc(128 * 1_024, 'x')
      const count = 256
      let written = 0
      let sawFull = false
      for (let i = 0; i < count; i++) {
        chunk[0] = i
        sawFull = !near.write(Buffer.from(chunk), () => written++) || sawFull
      }
      near.end()
      await hosts.a.clock.sleep(100)
      expect(sawFull).toBe(true)
      expect(written).toBeLessThan(count)
      const all = await readAll(far)
      expect(all.length).toBe(count * chunk.length)
      expect(Array.from({ length: count }, (_, i) => all[i * chunk.length])).toEqual(Array.from({ length: count }, (_, i) => i & 255))
      expect(written).toBe(count)
    })

    hostsTest('a port that nobody listens on refuses', makeHosts, async (hosts) => {
      const listener = await hosts.b.net.listen({ address: hosts.addressesOfB[0], port: hosts.port() }, () => {})
      await listener[Symbol.asyncDispose]()
      const { port } = listener.at
      const dialling = hosts.a.net.dial({ address: hosts.addressesOfB[0], port })
      await expect(dialling).rejects.toThrow(`connect ECONNREFUSED ${hosts.addressesOfB[0]}:${port}`)
      expect(await rejection(dialling)).toBe('ECONNREFUSED')
    })

    hostsTest('a name is not an address', makeHosts, async ({ a }) => {
      expect(await rejection(a.net.dial({ address: 'api-sse.cisco.com', port: 443 }))).toBe('EINVAL')
    })

    hostsTest('a dial that is aborted rejects with the reason', makeHosts, async (hosts) => {
      let accepted: Conn | undefined
      await using listener = await hosts.b.net.listen(
        { address: hosts.addressesOfB[0], port: hosts.port() },
        (conn) => (accepted = conn.resume()),
      )
      const at = { address: hosts.addressesOfB[0], port: listener.at.port }
      const stop = new AbortController()
      const dialling = hosts.a.net.dial(at, stop.signal)
      stop.abort(new Error('changed my mind'))
      await expect(dialling).rejects.toThrow('changed my mind')
      await expect(hosts.a.net.dial(at, stop.signal)).rejects.toThrow('changed my mind')
      // The kernel may have accepted it already; then it ends at once.
      await hosts.a.clock.sleep(20)
      if (accepted !== undefined) await until(hosts.a, 'the accepted end closed', () => accepted!.destroyed || accepted!.readableEnded)
    })

    hostsTest('an abort after the connection is there leaves it alone', makeHosts, async (hosts) => {
      const stop = new AbortController()
      const { near, far } = await connected(hosts, stop.signal)
      stop.abort(new Error('too late'))
      near.end('still here')
      expect((await readAll(far)).toString()).toBe('still here')
    })

    hostsTest('a port that is taken gives EADDRINUSE until its listener ends', makeHosts, async ({ b, addressesOfB: [address], port }) => {
      const first = await b.net.listen({ address, port: port() }, () => {})
      expect(first.at).toMatchObject({ address })
      expect(first.at.port).toBeGreaterThan(0)
      expect(await rejection(b.net.listen(first.at, () => {}))).toBe('EADDRINUSE')
      await first[Symbol.asyncDispose]()
      await using second = await b.net.listen(first.at, () => {})
      expect(second.at).toEqual(first.at)
    })

    hostsTest('only own addresses can be listened on', makeHosts, async ({ a, port }) => {
      expect(await rejection(a.net.listen({ address: '203.0.113.99', port: port() }, () => {}))).toBe('EADDRNOTAVAIL')
      expect(await rejection(a.net.udp({ address: '203.0.113.99', port: port() }))).toBe('EADDRNOTAVAIL')
    })

    hostsTest('each address of a host has its own ports', makeHosts, async ({ a, b, addressesOfB: [one, two], port }) => {
      const accepted: string[] = []
      await using first = await b.net.listen({ address: one, port: port() }, (conn) => void (accepted.push('one'), conn.destroy()))
      expect(await rejection(a.net.dial({ address: two, port: first.at.port }))).toBe('ECONNREFUSED')
      await using _second = await b.net.listen({ address: two, port: first.at.port }, (conn) => void (accepted.push('two'), conn.destroy()))
      await a.net.dial({ address: two, port: first.at.port })
      await until(a, 'the second listener accepted', () => accepted.length === 1)
      await a.net.dial({ address: one, port: first.at.port })
      await until(a, 'the first listener accepted', () => accepted.length === 2)
      expect(accepted).toEqual(['two', 'one'])
    })

    hostsTest('the end of a listener destroys its connections', makeHosts, async (hosts) => {
      const { near, far, listener } = await connected(hosts)
      const ended = new Promise<void>((resolve) => near.once('error', () => resolve()).once('end', () => resolve()))
      near.resume()
      await listener[Symbol.asyncDispose]()
      await ended
      expect(far.destroyed).toBe(true)
      await listener[Symbol.asyncDispose]()
    })

    hostsTest("Node's own HTTP server and client work over connections", makeHosts, async ({ a, b, addressesOfB: [address], port }) => {
      const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (incoming, response) => {
        incoming.pipe(response)
      })
      await using listener = await b.net.listen({ address, port: port() }, (conn) => void server.emit('connection', conn))
      const conn = await a.net.dial({ address, port: listener.at.port })
      const outgoing = request({ method: 'POST', host: 'b', path: '/', createConnection: () => conn })
      outgoing.end('echo this')
      const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream]
      const body: Buffer[] = []
      for await (const chunk of response) body.push(chunk as Buffer)
      expect(Buffer.concat(body).toString()).toBe('echo this')
    })

    hostsTest('datagrams go both ways, each with its sender', makeHosts, async ({ a, b, addressOfA, addressesOfB: [address], port }) => {
      await using server = await b.net.udp({ address, port: port() })
      await using client = await a.net.udp()
      server.onMessage((data, from) => {
        expect(from.address).toBe(addressOfA)
        server.send(Buffer.concat([Buffer.from('re: '), data]), from)
      })
      const answers: { readonly text: string; readonly from: Endpoint }[] = []
      client.onMessage(() => expect.fail('a receiver that was replaced must not be called'))
      client.onMessage((data, from) => answers.push({ text: data.toString(), from }))
      // The network may lose datagrams: who wants an answer asks again.
      await until(a, 'an answer came', () => {
        client.send(Buffer.from('hello'), { address, port: server.at.port })
        return answers.length > 0
      })
      expect(answers[0]).toEqual({ text: 're: hello', from: { address, port: server.at.port } })
    })

    hostsTest('datagrams to nobody are lost without an exception', makeHosts, async ({ a, b, addressesOfB: [address], port }) => {
      const taken = await b.net.udp({ address, port: port() })
      expect(await rejection(b.net.udp(taken.at))).toBe('EADDRINUSE')
      await taken[Symbol.asyncDispose]()
      await using client = await a.net.udp()
      client.send(Buffer.from('anybody?'), { address, port: taken.at.port })
      await a.clock.sleep(20)
      taken.send(Buffer.from('from a closed socket'), client.at)
    })

    hostsTest('a host that exists answers an echo', makeHosts, async ({ a, addressesOfB: [address], canPing }) => {
      if (!canPing) return
      const { rttMs, ttl } = await a.net.ping(address, 5_000)
      expect(rttMs).toBeGreaterThan(0)
      expect(ttl).toBeGreaterThan(0)
    })

    hostsTest(
      'a host says what it can do to packets that it forwards, and does that or refuses it with the reason',
      makeHosts,
      async ({ a }) => {
        const { delay, loss } = await a.net.shaping()
        const to = ['203.0.113.9']
        for (const [ability, shape] of [
          [delay, { to, delayMs: 10 }],
          [loss, { to, lossPercent: 10 }],
        ] as const) {
          const done = a.net.forward({ rules: [], otherwise: 'accept', shapes: [shape] })
          if (ability.able) await done
          else await expect(done).rejects.toMatchObject({ code: 'ENOTSUP', message: `forward ENOTSUP: ${ability.why}` })
        }
      },
    )

    hostsTest('interfaces have the addresses of the host', makeHosts, async ({ a, b, addressOfA, addressesOfB }) => {
      expect(a.net.interfaces().map((one) => one.address)).toContain(addressOfA)
      expect(b.net.interfaces().map((one) => one.address)).toEqual(expect.arrayContaining([...addressesOfB]))
    })

    hostsTest(
      'the socket table shows listeners, both ends of connections and datagram sockets, while they are open',
      makeHosts,
      async (hosts) => {
        const { a, b } = hosts
        const { near, far, listener, at } = await connected(hosts)
        const udp = await b.net.udp({ address: at.address, port: hosts.port() })
        const atB = await b.net.sockets()
        const listening = atB.find((row) => row.protocol === 'tcp' && row.state === 'LISTEN' && row.local.port === at.port)
        expect(listening).toMatchObject({ pid: b.processes.pid, local: at })
        expect(atB).toContainEqual(
          expect.objectContaining({
            protocol: 'tcp',
            state: 'ESTABLISHED',
            local: at,
            remote: { address: far.remoteAddress, port: far.remotePort },
          }),
        )
        expect(atB).toContainEqual(expect.objectContaining({ protocol: 'udp', local: udp.at }))
        expect(await a.net.sockets()).toContainEqual(
          expect.objectContaining({
            protocol: 'tcp',
            state: 'ESTABLISHED',
            local: { address: near.localAddress, port: near.localPort },
            remote: at,
          }),
        )
        expect(new Set(atB.map((row) => row.inode)).size).toBe(atB.length)
        near.destroy()
        await listener[Symbol.asyncDispose]()
        await udp[Symbol.asyncDispose]()
        await until(a, 'the rows are gone', async () =>
          (await b.net.sockets()).every((row) => row.protocol === 'unix' || (row.local.port !== at.port && row.local.port !== udp.at.port)),
        )
      },
    )

    hostsTest('an end that heard the last of its peer is in CLOSE_WAIT, the other in FIN_WAIT2', makeHosts, async (hosts) => {
      const { near, far, at } = await connected(hosts)
      far.resume()
      const heard = once(far, 'end')
      near.end()
      await heard
      const stateAt = async (local: Endpoint): Promise<string | undefined> =>
        [...(await hosts.a.net.sockets()), ...(await hosts.b.net.sockets())]
          .filter((row) => row.protocol === 'tcp' && row.state !== 'LISTEN')
          .find((row) => row.protocol === 'tcp' && row.local.port === local.port && row.local.address === local.address)?.['state' as never]
      await until(hosts.a, 'CLOSE_WAIT', async () => (await stateAt(at)) === 'CLOSE_WAIT')
      await until(hosts.a, 'FIN_WAIT2', async () => (await stateAt({ address: near.localAddress!, port: near.localPort! })) === 'FIN_WAIT2')
    })
  })
}

interface Connected {
  readonly near: Conn
  readonly far: Conn
  readonly listener: Listener
  readonly at: Endpoint
}

/** A connection from `a` to a listener on `b`. */
async function connected({ a, b, addressesOfB: [address], port }: TwoHosts, signal?: AbortSignal): Promise<Connected> {
  const accepted = Promise.withResolvers<Conn>()
  const listener = await b.net.listen({ address, port: port() }, accepted.resolve)
  const at = { address, port: listener.at.port }
  const near = await a.net.dial(at, signal)
  return { near, far: await accepted.promise, listener, at }
}

async function readAll(conn: Conn): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of conn.iterator({ destroyOnReturn: false })) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function failure(conn: Conn): Promise<NodeJS.ErrnoException> {
  return new Promise((resolve) => conn.once('error', resolve))
}
