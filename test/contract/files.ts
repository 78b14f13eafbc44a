import { describe, expect } from 'vitest'
import fc from 'fast-check'
import { hostsTest, rejection, until, type MakeHosts } from './hosts.ts'

/** What every World's files must do. */
export function filesContract(name: string, makeHosts: MakeHosts): void {
  describe(`files of the ${name}`, () => {
    hostsTest('what was written is read, and parent folders are made', makeHosts, async ({ a: { files } }) => {
      await files.write('/ngfw/var/log/x.log', 'één\n')
      expect((await files.read('/ngfw/var/log/x.log')).toString()).toBe('één\n')
      await files.write('/ngfw/var/log/x.log', Uint8Array.of(0, 255, 10))
      expect([...(await files.read('/ngfw/var/log/x.log'))]).toEqual([0, 255, 10])
      expect((await files.stat('/ngfw/var')).kind).toBe('folder')
    })

    hostsTest('each host has its own tree', makeHosts, async ({ a, b }) => {
      await a.files.write('/x', 'of a')
      expect(await rejection(b.files.read('/x'))).toBe('ENOENT')
    })

    hostsTest('paths stop at the root', makeHosts, async ({ a: { files } }) => {
      await files.write('/../../../../../etc/../etc/./ftdlab//name', 'inside')
      expect((await files.read('/etc/ftdlab/name')).toString()).toBe('inside')
      expect(await rejection(files.read('etc/ftdlab/name'))).toBe('EINVAL')
    })

    hostsTest('a reader sees the old or the new content, never a part', makeHosts, async ({ a: { files } }) => {
      const contents = ['a'.repeat(100_000), 'b'.repeat(50_000)]
      await files.write('/x', contents[0]!)
      const read: Promise<Buffer>[] = []
      for (let i = 0; i < 20; i++) {
        const writing = files.write('/x', contents[i % 2]!, { durable: i % 10 === 0 })
        read.push(files.read('/x'))
        await writing
      }
      for (const content of await Promise.all(read)) expect(contents).toContain(content.toString())
      expect((await files.list('/')).filter((entry) => entry.kind === 'file').map((entry) => entry.name)).toEqual(['x'])
    })

    hostsTest('what a caller does to its buffers later changes no file', makeHosts, async ({ a: { files } }) => {
      const data = Buffer.from('good')
      await files.write('/x', data)
      await files.append('/y', data)
      data.write('evil')
      const read = await files.read('/x')
      expect(read.toString()).toBe('good')
      read.write('evil')
      expect((await files.read('/x')).toString()).toBe('good')
      expect((await files.read('/y')).toString()).toBe('good')
    })

    hostsTest('modes are kept, and can be changed', makeHosts, async ({ a: { files } }) => {
      await files.write('/key', 'k', { mode: 0o600 })
      expect((await files.stat('/key')).mode).toBe(0o600)
      await files.write('/key', 'other')
      expect((await files.stat('/key')).mode).toBe(0o600)
      await files.chmod('/key', 0o444)
      expect((await files.stat('/key')).mode).toBe(0o444)
      await files.write('/plain', '')
      expect((await files.stat('/plain')).mode).toBe(0o644)
      expect(await rejection(files.chmod('/none', 0o600))).toBe('ENOENT')
    })

    hostsTest('append adds to the end and makes what is missing', makeHosts, async ({ a: { files } }) => {
      await files.append('/var/log/x', 'one\n')
      await files.append('/var/log/x', Buffer.from('two\n'))
      expect((await files.read('/var/log/x')).toString()).toBe('one\ntwo\n')
      expect((await files.stat('/var/log/x')).size).toBe(8)
    })

    hostsTest('appended lines never mix', makeHosts, async ({ a: { files } }) => {
      let file = 0
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(300), { minLength: 1, maxLength: 30 }), async (lengths) => {
          const path = `/lines/${file++}`
          const lines = lengths.map((length, index) => `${index}:${String.fromCharCode(97 + (index % 26)).repeat(length)}\n`)
          await Promise.all(lines.map((line) => files.append(path, line)))
          const written = (await files.read(path)).toString().match(/.*\n/g) ?? []
          expect([...written].sort()).toEqual([...lines].sort())
        }),
        { numRuns: 15 },
      )
    })

    hostsTest('readAt reads a piece, a short one at the end and none behind it', makeHosts, async ({ a: { files } }) => {
      await files.write('/x', '0123456789')
      expect((await files.readAt('/x', 2, 3)).toString()).toBe('234')
      expect((await files.readAt('/x', 8, 10)).toString()).toBe('89')
      expect(await files.readAt('/x', 10, 10)).toHaveLength(0)
      expect(await files.readAt('/x', 99, 1)).toHaveLength(0)
      await files.append('/x', 'ab')
      expect((await files.readAt('/x', 10, 10)).toString()).toBe('ab')
    })

    hostsTest('stat tells kind, size, time and whether it is another file', makeHosts, async ({ a: { files, clock } }) => {
      const beforeMs = clock.now()
      await files.write('/log', 'one\n')
      const first = await files.stat('/log')
      expect(first).toMatchObject({ kind: 'file', size: 4 })
      // File times may lag behind by a tick of the kernel.
      expect(first.modifiedMs).toBeGreaterThanOrEqual(beforeMs - 20)
      expect(first.modifiedMs).toBeLessThanOrEqual(clock.now())
      await clock.sleep(30)
      await files.append('/log', 'two\n')
      const grown = await files.stat('/log')
      expect(grown).toMatchObject({ size: 8, inode: first.inode })
      expect(grown.modifiedMs).toBeGreaterThan(first.modifiedMs)
      await files.rename('/log', '/log.1')
      await files.append('/log', 'new\n')
      expect((await files.stat('/log.1')).inode).toBe(first.inode)
      expect((await files.stat('/log')).inode).not.toBe(first.inode)
    })

    hostsTest('a folder lists its entries by name', makeHosts, async ({ a: { files } }) => {
      await files.write('/d/b', '')
      await files.makeDir('/d/c/deep')
      await files.write('/d/a', '')
      expect(await files.list('/d')).toEqual([
        { name: 'a', kind: 'file' },
        { name: 'b', kind: 'file' },
        { name: 'c', kind: 'folder' },
      ])
      await files.makeDir('/d/c') // One that exists is no error.
      expect(await files.list('/d/c/deep')).toEqual([])
    })

    hostsTest('remove takes files, and folders with all that is in them', makeHosts, async ({ a: { files } }) => {
      await files.write('/d/e/f', 'x')
      await files.write('/d/g', 'x')
      await files.remove('/d/g')
      expect(await rejection(files.stat('/d/g'))).toBe('ENOENT')
      await files.remove('/d')
      expect(await rejection(files.stat('/d/e/f'))).toBe('ENOENT')
      expect(await rejection(files.remove('/d'))).toBe('ENOENT')
    })

    hostsTest('rename moves files and folders, and replaces a file', makeHosts, async ({ a: { files } }) => {
      await files.write('/from', 'new')
      await files.write('/to', 'old')
      await files.rename('/from', '/to')
      expect((await files.read('/to')).toString()).toBe('new')
      expect(await rejection(files.read('/from'))).toBe('ENOENT')
      await files.write('/d/x', 'in folder')
      await files.rename('/d', '/moved')
      expect((await files.read('/moved/x')).toString()).toBe('in folder')
      expect(await rejection(files.rename('/none', '/x'))).toBe('ENOENT')
      expect(await rejection(files.rename('/to', '/no-folder/x'))).toBe('ENOENT')
    })

    hostsTest('errors carry the codes of the kernel', makeHosts, async ({ a: { files } }) => {
      await files.write('/d/file', 'x')
      await files.write('/full/x', 'x')
      expect(await rejection(files.read('/none'))).toBe('ENOENT')
      expect(await rejection(files.readAt('/none', 0, 1))).toBe('ENOENT')
      expect(await rejection(files.stat('/none'))).toBe('ENOENT')
      expect(await rejection(files.list('/none'))).toBe('ENOENT')
      expect(await rejection(files.remove('/none'))).toBe('ENOENT')
      expect(await rejection(files.read('/d'))).toBe('EISDIR')
      expect(await rejection(files.write('/d', 'x'))).toBe('EISDIR')
      expect(await rejection(files.append('/d', 'x'))).toBe('EISDIR')
      expect(await rejection(files.list('/d/file'))).toBe('ENOTDIR')
      expect(await rejection(files.read('/d/file/x'))).toBe('ENOTDIR')
      expect(await rejection(files.write('/d/file/x', 'x'))).toBe('ENOTDIR')
      expect(await rejection(files.makeDir('/d/file/x'))).toBe('ENOTDIR')
      expect(await rejection(files.rename('/d/file', '/full'))).toBe('EISDIR')
      expect(await rejection(files.rename('/full', '/d/file'))).toBe('ENOTDIR')
      expect(await rejection(files.rename('/d', '/full'))).toBe('ENOTEMPTY')
      expect(await files.read('/none').catch((error: Error) => error.message)).toContain('/none')
    })

    hostsTest('a watcher is told of creation, change, replacement and removal', makeHosts, async ({ a }) => {
      const { files } = a
      await files.makeDir('/d')
      await expectTold(a, '/d/x', () => files.write('/d/x', '1'))
      await expectTold(a, '/d/x', () => files.append('/d/x', '2'))
      await expectTold(a, '/d/x', () => files.write('/d/x', '3'))
      await expectTold(a, '/d/x', () => files.rename('/d/x', '/d/y'))
      await expectTold(a, '/d/x', () => files.rename('/d/y', '/d/x'))
      await expectTold(a, '/d/x', () => files.remove('/d/x'))
    })

    hostsTest('a watcher may come before the folders on its way, and survives them', makeHosts, async ({ a }) => {
      const { files } = a
      let told = 0
      using _ = files.watch('/p/q/x', () => told++)
      const expectMore = async (act: () => Promise<void>): Promise<void> => {
        const before = told
        await act()
        await until(a, 'the watcher was told', () => told > before)
      }
      await expectMore(() => files.write('/p/q/x', '1'))
      await expectMore(() => files.remove('/p/q'))
      // Let news of the removal come in, so that what follows is seen as news of its own.
      await a.clock.sleep(50)
      await expectMore(() => files.write('/p/q/x', '2'))
      await expectMore(() => files.append('/p/q/x', '3'))
    })

    hostsTest('a watcher is not told of its neighbours, nor after it was disposed', makeHosts, async ({ a }) => {
      const { files } = a
      await files.write('/d/x', '1')
      let told = 0
      const watcher = files.watch('/d/x', () => told++)
      await files.write('/d/y', '1')
      await files.remove('/d/y')
      await a.clock.sleep(50)
      expect(told).toBe(0)
      watcher[Symbol.dispose]()
      await files.write('/d/x', '2')
      await a.clock.sleep(50)
      expect(told).toBe(0)
    })
  })
}

type World = Parameters<typeof until>[0]

async function expectTold(world: World, path: string, act: () => Promise<void>): Promise<void> {
  let told = false
  using _ = world.files.watch(path, () => (told = true))
  await act()
  await until(world, `a change of ${path} was told`, () => told)
}
