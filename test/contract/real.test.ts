import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { confineTo } from '../../shared/real/confine.ts'
import { folderFiles } from '../../shared/real/folder-files.ts'
import { behindSocketPath, LONGEST_SOCKET_PATH, socketPath } from '../../shared/real/socket-path.ts'
import { rejection } from './hosts.ts'

let outer: string
let root: string

beforeEach(() => {
  outer = realpathSync(mkdtempSync(join(tmpdir(), 'ftdlab-')))
  root = join(outer, 'root')
  mkdirSync(root)
  writeFileSync(join(outer, 'secret'), 'not the host’s')
})

afterEach(() => rmSync(outer, { recursive: true }))

describe('a host’s tree in a real folder', () => {
  test('no path leads out of it', () => {
    const real = confineTo(root)
    mkdirSync(join(root, 'd'))
    symlinkSync('/', join(root, 'd', 'absolute'))
    symlinkSync('../../../..', join(root, 'd', 'relative'))
    symlinkSync('absolute/d', join(root, 'd', 'chained'))
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('..', '.', '', 'd', 'absolute', 'relative', 'chained', 'secret'), { maxLength: 12 }),
        (parts) => {
          const path = real(`/${parts.join('/')}`)
          return path === root || path.startsWith(`${root}/`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('links lead where they would on the host', async () => {
    const files = folderFiles(root)
    await files.write('/etc/real', 'x')
    symlinkSync('/etc', join(root, 'absolute'))
    symlinkSync('etc', join(root, 'relative'))
    expect((await files.read('/absolute/real')).toString()).toBe('x')
    expect((await files.read('/relative/real')).toString()).toBe('x')
    expect(await files.list('/')).toContainEqual({ name: 'absolute', kind: 'link' })
    expect((await files.stat('/absolute')).kind).toBe('folder')
    await files.remove('/absolute')
    expect((await files.read('/etc/real')).toString()).toBe('x')
  })

  test('a link out of it finds nothing, and writing through it stays inside', async () => {
    const files = folderFiles(root)
    symlinkSync(join(outer, 'secret'), join(root, 'leak'))
    expect(await rejection(files.read('/leak'))).toBe('ENOENT')
    await files.write('/leak', 'mine')
    expect(readFileSync(join(outer, 'secret'), 'utf8')).toBe('not the host’s')
  })

  test('links that go round give ELOOP', async () => {
    symlinkSync('b', join(root, 'a'))
    symlinkSync('a', join(root, 'b'))
    expect(await rejection(folderFiles(root).read('/a'))).toBe('ELOOP')
  })

  test('errors name the host’s path and not the machine’s', async () => {
    await expect(folderFiles(root).read('/etc/none')).rejects.toThrow("ENOENT: no such file or directory, open '/etc/none'")
    const message = await folderFiles(root)
      .rename('/none', '/other')
      .catch((error: Error) => `${error.message} ${JSON.stringify(error)}`)
    expect(message).not.toContain(root)
  })

  test('a durable write leaves only the file', async () => {
    await folderFiles(root).write('/x', 'kept', { durable: true, mode: 0o600 })
    expect(readdirSync(root)).toEqual(['x'])
  })

  test('written files can carry lab time', async () => {
    const labMs = Date.UTC(2031, 4, 5, 6, 7, 8)
    const files = folderFiles(root, { now: () => labMs })
    await files.write('/x', '1')
    await files.append('/y', '1')
    expect((await files.stat('/x')).modifiedMs).toBe(labMs)
    expect((await files.stat('/y')).modifiedMs).toBe(labMs)
  })
})

describe('a path for a unix socket', () => {
  test('is the path itself when it is short enough', () => {
    using short = socketPath('/tmp/x.sock')
    expect(short.path).toBe('/tmp/x.sock')
    expect(behindSocketPath(short.path)).toBe('/tmp/x.sock')
  })

  test('goes through a short link that is removed afterwards when it is not', () => {
    const folder = join(root, 'a-rather-long-folder-name'.repeat(4))
    mkdirSync(folder)
    const long = join(folder, 'x.sock')
    const short = socketPath(long)
    expect(Buffer.byteLength(short.path)).toBeLessThanOrEqual(LONGEST_SOCKET_PATH)
    writeFileSync(short.path, 'same file')
    expect(readFileSync(long, 'utf8')).toBe('same file')
    expect(behindSocketPath(short.path)).toBe(long)
    short[Symbol.dispose]()
    short[Symbol.dispose]()
    expect(existsSync(short.path)).toBe(false)
    expect(existsSync(long)).toBe(true)
  })
})
