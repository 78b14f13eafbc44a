import { describe, expect } from 'vitest'
import type { Frames, Pull } from '../../shared/kernel/ipc.ts'
import type { World } from '../../shared/kernel/world.ts'
import { hostsTest, rejection, until, type MakeHosts } from './hosts.ts'

const PATH = '/ngfw/var/sf/run/EventHandler_SSEConnector.sock'

/** What every World's ZeroMQ must do. */
export function ipcContract(name: string, makeHosts: MakeHosts): void {
  const ipcTest = (title: string, body: (world: World) => Promise<void>): void =>
    hostsTest(title, makeHosts, async ({ a }) => {
      await a.files.makeDir('/ngfw/var/sf/run')
      await body(a)
    })

  describe(`ipc of the ${name}`, () => {
    ipcTest('a bind creates the socket file', async ({ ipc, files }) => {
      await using _ = await ipc.bindPush(PATH)
      expect((await files.stat(PATH)).kind).toBe('socket')
      expect(await files.list('/ngfw/var/sf/run')).toEqual([{ name: 'EventHandler_SSEConnector.sock', kind: 'socket' }])
    })

    ipcTest('a bind in a folder that is not there gives ENOENT', async ({ ipc }) => {
      expect(await rejection(ipc.bindPull('/nowhere/x.sock'))).toBe('ENOENT')
    })

    ipcTest('a path that is too long for a unix socket by itself works all the same', async ({ ipc, files }) => {
      const folder = `/ngfw/${'a-rather-long-folder-name/'.repeat(6)}`
      await files.makeDir(folder)
      await using push = await ipc.bindPush(`${folder}x.sock`)
      await using pull = await ipc.connectPull(`${folder}x.sock`)
      await push.send(['far away'])
      expect(await take(pull, 1)).toEqual([['far away']])
    })

    ipcTest('a connect without a socket file gives ENOENT, in either direction', async ({ ipc }) => {
      expect(await rejection(ipc.connectPull(PATH))).toBe('ENOENT')
      expect(await rejection(ipc.connectPush(PATH))).toBe('ENOENT')
    })

    ipcTest('the file stays when its owner closes, and connects to it are refused', async ({ ipc, files }) => {
      const push = await ipc.bindPush(PATH)
      await push[Symbol.asyncDispose]()
      expect((await files.stat(PATH)).kind).toBe('socket')
      expect(await rejection(ipc.connectPull(PATH))).toBe('ECONNREFUSED')
      expect(await rejection(ipc.connectPush(PATH))).toBe('ECONNREFUSED')
    })

    ipcTest('a connect to a file that is no socket is refused', async ({ ipc, files }) => {
      await files.write(PATH, 'text')
      expect(await rejection(ipc.connectPull(PATH))).toBe('ECONNREFUSED')
    })

    ipcTest('a bind takes the place of a file that is there', async ({ ipc, files }) => {
      await files.write(PATH, 'left behind')
      await using push = await ipc.bindPush(PATH)
      await using pull = await ipc.connectPull(PATH)
      await push.send(['x'])
      expect(await take(pull, 1)).toEqual([['x']])
    })

    ipcTest('messages arrive in order and frame by frame, whoever bound', async ({ ipc }) => {
      await using push = await ipc.bindPush(PATH)
      await using pull = await ipc.connectPull(PATH)
      await push.send(['one', Uint8Array.of(0, 255), ''])
      await push.send(['two'])
      const messages = await takeRaw(pull, 2)
      expect(messages.map((frames) => frames.map((frame) => frame.toString('latin1')))).toEqual([['one', '\0\xff', ''], ['two']])

      await using bound = await ipc.bindPull('/ngfw/var/sf/run/acks.sock')
      await using acks = await ipc.connectPush('/ngfw/var/sf/run/acks.sock')
      for (let i = 0; i < 100; i++) await acks.send([String(i)])
      expect(await take(bound, 100)).toEqual(Array.from({ length: 100 }, (_, i) => [String(i)]))
    })

    ipcTest('what a sender does to its buffers later changes no message', async ({ ipc }) => {
      await using push = await ipc.bindPush(PATH)
      const data = Buffer.alloc(1_000, 'good')
      const sent = push.send([data])
      data.fill('evil')
      await using pull = await ipc.connectPull(PATH)
      await sent
      expect((await take(pull, 1))[0]![0]).toBe('good'.repeat(250))
    })

    ipcTest('a send waits for a peer', async (world) => {
      await using push = await world.ipc.bindPush(PATH)
      expect(push.peers).toBe(0)
      let sent = false
      const sending = push.send(['x']).then(() => (sent = true))
      await world.clock.sleep(50)
      expect(sent).toBe(false)
      await using pull = await world.ipc.connectPull(PATH)
      await sending
      expect(await take(pull, 1)).toEqual([['x']])
    })

    ipcTest('both ends count their peers', async (world) => {
      await using push = await world.ipc.bindPush(PATH)
      const counts: number[] = []
      push.onPeers((peers) => counts.push(peers))
      const one = await world.ipc.connectPull(PATH)
      await until(world, 'one peer', () => push.peers === 1 && one.peers === 1)
      await using two = await world.ipc.connectPull(PATH)
      await until(world, 'two peers', () => push.peers === 2 && two.peers === 1)
      await one[Symbol.asyncDispose]()
      await until(world, 'one peer again', () => push.peers === 1)
      expect(counts).toEqual([1, 2, 1])
    })

    ipcTest('who refuses or only knocks is no peer', async (world) => {
      await using push = await world.ipc.bindPush(PATH)
      const counts: number[] = []
      push.onPeers((peers) => counts.push(peers))
      expect(await rejection(world.ipc.connectPush(PATH))).toBeDefined()
      await using _ = await world.ipc.connectPull(PATH)
      await until(world, 'the puller is counted', () => push.peers === 1)
      await world.clock.sleep(50)
      expect(counts).toEqual([1])
    })

    ipcTest('removing the file leaves the connection alone and fails the next connect', async (world) => {
      const { ipc, files } = world
      await using push = await ipc.bindPush(PATH)
      await using pull = await ipc.connectPull(PATH)
      await files.remove(PATH)
      await push.send(['still connected'])
      expect(await take(pull, 1)).toEqual([['still connected']])
      expect(await rejection(ipc.connectPull(PATH))).toBe('ENOENT')
      await until(world, 'the peer is still counted', () => push.peers === 1)
    })

    ipcTest('a second bind takes the path; who was connected stays with the first', async (world) => {
      const { ipc } = world
      await using first = await ipc.bindPush(PATH)
      await using old = await ipc.connectPull(PATH)
      await using second = await ipc.bindPush(PATH)
      await using fresh = await ipc.connectPull(PATH)
      await second.send(['from second'])
      await first.send(['from first'])
      expect(await take(fresh, 1)).toEqual([['from second']])
      expect(await take(old, 1)).toEqual([['from first']])
      await until(world, 'each has its peer', () => first.peers === 1 && second.peers === 1)
    })

    ipcTest('a connected Pull ends when the other end goes, after what had arrived', async (world) => {
      const push = await world.ipc.bindPush(PATH)
      await using pull = await world.ipc.connectPull(PATH)
      for (let i = 0; i < 5; i++) await push.send([String(i)])
      const messages = pull[Symbol.asyncIterator]()
      const first = await messages.next()
      await world.clock.sleep(50) // Lets the rest arrive: what the sender still holds goes with it.
      await push[Symbol.asyncDispose]()
      const rest: string[] = []
      for (let next = await messages.next(); next.done !== true; next = await messages.next()) rest.push(String(next.value[0]))
      expect([String(first.value![0]), ...rest]).toEqual(['0', '1', '2', '3', '4'])
      expect(pull.peers).toBe(0)
      // It does not come back by itself.
      await using again = await world.ipc.bindPush(PATH)
      await world.clock.sleep(300)
      expect(again.peers).toBe(0)
    })

    ipcTest('a Pull that waits when the other end goes ends, too', async (world) => {
      const push = await world.ipc.bindPush(PATH)
      await using pull = await world.ipc.connectPull(PATH)
      const waiting = pull[Symbol.asyncIterator]().next()
      await world.clock.sleep(20)
      await push[Symbol.asyncDispose]()
      expect((await waiting).done).toBe(true)
    })

    ipcTest('a connected Push rejects with EPIPE when the other end goes', async (world) => {
      const pull = await world.ipc.bindPull(PATH)
      await using push = await world.ipc.connectPush(PATH, { highWaterMark: 2 })
      await push.send(['x'])
      await pull[Symbol.asyncDispose]()
      let code: string | undefined
      await until(world, 'a send failed', async () => {
        code = await push.send(['y']).then(
          () => undefined,
          (error: NodeJS.ErrnoException) => error.code,
        )
        return code !== undefined
      })
      expect(code).toBe('EPIPE')
      expect(await rejection(push.send(['z']))).toBe('EPIPE')
    })

    ipcTest('sends that wait for room reject with EPIPE when the other end goes', async (world) => {
      const pull = await world.ipc.bindPull(PATH)
      await using push = await world.ipc.connectPush(PATH, { highWaterMark: 1 })
      const big = Buffer.alloc(16 * 1_024)
      const sends = Array.from({ length: 1_500 }, () => push.send([big]))
      const codes = Promise.all(
        sends.map((send) =>
          send.then(
            () => 'sent',
            (error: NodeJS.ErrnoException) => error.code,
          ),
        ),
      )
      await world.clock.sleep(50)
      await pull[Symbol.asyncDispose]()
      expect(new Set(await codes)).toEqual(new Set(['sent', 'EPIPE']))
    })

    ipcTest('a bound socket lives on without its peers', async (world) => {
      await using push = await world.ipc.bindPush(PATH)
      const gone = await world.ipc.connectPull(PATH)
      await until(world, 'one peer', () => push.peers === 1)
      await gone[Symbol.asyncDispose]()
      await until(world, 'no peer', () => push.peers === 0)
      const sending = push.send(['for the next one'])
      await using next = await world.ipc.connectPull(PATH)
      await sending
      expect(await take(next, 1)).toEqual([['for the next one']])
    })

    ipcTest('an own end that was closed sends and receives no more', async ({ ipc, clock }) => {
      const push = await ipc.bindPush(PATH)
      const waiting = rejection(push.send(['x']))
      await push[Symbol.asyncDispose]()
      expect(await waiting).toBe('EPIPE')
      expect(await rejection(push.send(['y']))).toBe('EPIPE')
      await push[Symbol.asyncDispose]()
      const pull = await ipc.bindPull(PATH)
      const next = pull[Symbol.asyncIterator]().next()
      await clock.sleep(5)
      await pull[Symbol.asyncDispose]()
      expect((await next).done).toBe(true)
    })

    ipcTest('two pullers take turns', async (world) => {
      await using push = await world.ipc.bindPush(PATH)
      await using one = await world.ipc.connectPull(PATH)
      await using two = await world.ipc.connectPull(PATH)
      await until(world, 'both are there', () => push.peers === 2)
      for (let i = 0; i < 10; i++) await push.send([String(i)])
      const [first, second] = await Promise.all([take(one, 5), take(two, 5)])
      expect([...first, ...second].flat().sort()).toEqual(Array.from({ length: 10 }, (_, i) => String(i)))
    })

    ipcTest('what several pushers send all arrives', async ({ ipc }) => {
      await using pull = await ipc.bindPull(PATH)
      await using one = await ipc.connectPush(PATH)
      await using two = await ipc.connectPush(PATH)
      for (let i = 0; i < 50; i++) await Promise.all([one.send([`one ${i}`]), two.send([`two ${i}`])])
      const texts = (await take(pull, 100)).flat()
      for (const who of ['one', 'two'])
        expect(texts.filter((text) => text.startsWith(who))).toEqual(Array.from({ length: 50 }, (_, i) => `${who} ${i}`))
    })

    ipcTest('a full queue makes sends wait; nothing is dropped or reordered', async (world) => {
      await using push = await world.ipc.bindPush(PATH, { highWaterMark: 10 })
      await using pull = await world.ipc.connectPull(PATH)
      const count = 1_500
      const filler = Buffer.alloc(4 * 1_024)
      let sent = 0
      const sends = Array.from({ length: count }, (_, i) => push.send([String(i), filler]).then(() => sent++))
      await world.clock.sleep(100)
      expect(sent).toBeLessThan(count)
      const received = await takeRaw(pull, count)
      expect(received.map(([number]) => Number(number))).toEqual(Array.from({ length: count }, (_, i) => i))
      await Promise.all(sends)
    })

    ipcTest('the socket table shows who listens and who is connected', async (world) => {
      const mine = async (): Promise<string[]> =>
        (await world.net.sockets()).flatMap((row) => (row.protocol === 'unix' && row.path === PATH ? [row.state] : [])).sort()
      await using push = await world.ipc.bindPush(PATH)
      expect(await mine()).toEqual(['LISTENING'])
      const pull = await world.ipc.connectPull(PATH)
      await push.send(['x'])
      await until(world, 'the connection is shown', async () => (await mine()).join() === 'CONNECTED,LISTENING')
      await pull[Symbol.asyncDispose]()
      await until(world, 'only the listener is left', async () => (await mine()).join() === 'LISTENING')
    })
  })
}

async function takeRaw(pull: Pull, count: number): Promise<Frames[]> {
  const taken: Frames[] = []
  if (count === 0) return taken
  for await (const frames of pull) {
    taken.push(frames)
    if (taken.length === count) break
  }
  return taken
}

async function take(pull: Pull, count: number): Promise<string[][]> {
  return (await takeRaw(pull, count)).map((frames) => frames.map(String))
}
