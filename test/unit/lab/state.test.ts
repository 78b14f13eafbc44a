import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { clearStateFolder, makeStateFolder, stateFolder, type StateFolder } from '../../../services/lab/state/folder.ts'
import { isLocked, takeLock } from '../../../services/lab/state/lock.ts'
import { readRecord, writeRecord, type LabRecord } from '../../../services/lab/state/record.ts'

let parent: string
let folder: StateFolder

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'ftdlab-state-'))
  folder = stateFolder({ FTDLAB_HOME: join(parent, 'home') })
  await makeStateFolder(folder)
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

const running: LabRecord = {
  state: 'running',
  pid: 4321,
  startedAt: '2026-01-05T08:00:00.000Z',
  url: 'http://127.0.0.1:8080',
  token: 'a-token-of-some-length',
  doors: { console: 8080, fmc: 8443, connect: 8089, ssh: { ftd1: 2201 } },
}

test('the folder is .ftdlab in the current one unless FTDLAB_HOME names another', () => {
  expect(stateFolder({}, '/somewhere').path).toBe('/somewhere/.ftdlab')
  expect(stateFolder({ FTDLAB_HOME: 'x' }, '/somewhere').path).toBe('/somewhere/x')
  expect(stateFolder({ FTDLAB_HOME: '' }, '/somewhere').path).toBe('/somewhere/.ftdlab')
})

test('a record comes back as it was written, readable by its owner alone', async () => {
  expect(await readRecord(folder)).toBeUndefined()
  await writeRecord(folder, running)
  expect(await readRecord(folder)).toEqual(running)
  expect(statSync(folder.recordFile).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder.path)).toEqual(['lab.json'])
})

test.each([
  ['garbage', 'it is not JSON'],
  ['{}', 'state is neither'],
  ['null', 'it is no object'],
  [JSON.stringify({ ...running, url: 'http://evil.example/' }), 'url is no address of this machine'],
  [JSON.stringify({ ...running, pid: 'x' }), 'pid is no process number'],
  [JSON.stringify({ ...running, doors: { ...running.doors, fmc: 0 } }), 'doors.fmc is no port'],
])('a broken record is one sentence that says what to do: %s', async (text, reason) => {
  writeFileSync(folder.recordFile, text)
  await expect(readRecord(folder)).rejects.toMatchObject({
    code: 'LAB_STATE_BROKEN',
    message: expect.stringContaining(`does not say how to reach the lab (${reason}`),
  })
  await expect(readRecord(folder)).rejects.toThrow(`remove the folder ${folder.path}`)
})

test('a record that cannot be read is as good as broken', async () => {
  mkdirSync(folder.recordFile)
  await expect(readRecord(folder)).rejects.toThrow('(it is a folder)')
})

test('a file where the folder should be is named', async () => {
  const file = join(parent, 'file')
  writeFileSync(file, '')
  await expect(makeStateFolder(stateFolder({ FTDLAB_HOME: file }))).rejects.toMatchObject({
    code: 'LAB_STATE_BROKEN',
    message: `${file} cannot be the lab's state folder (it is a file); remove it, or name another folder with FTDLAB_HOME`,
  })
})

test('one lab at a time has the folder; the second is told which', async () => {
  {
    using _ = await takeLock(folder)
    expect(isLocked(folder)).toBe(true)
    await writeRecord(folder, running)
    await expect(takeLock(folder)).rejects.toMatchObject({
      code: 'LAB_ALREADY_RUNNING',
      message: expect.stringContaining('a lab (process 4321, http://127.0.0.1:8080) is already running in'),
    })
  }
  expect(isLocked(folder)).toBe(false)
  using _ = await takeLock(folder)
})

test('a lock that is none is named', async () => {
  writeFileSync(folder.lockFile, 'garbage '.repeat(200))
  await expect(takeLock(folder)).rejects.toMatchObject({
    code: 'LAB_STATE_BROKEN',
    message: expect.stringContaining('file is not a database'),
  })
})

test('clearing takes what belongs to one lab and leaves its log and SSH keys', async () => {
  await writeRecord(folder, running)
  for (const name of ['hosts/ftd1', 'ssh']) mkdirSync(join(folder.path, name), { recursive: true })
  for (const name of ['hosts/ftd1/file', 'ssh/ftd1.key', 'lab.log', 'sse.sqlite', 'ca.pem']) writeFileSync(join(folder.path, name), 'x')
  await clearStateFolder(folder)
  expect(readdirSync(folder.path).sort()).toEqual(['lab.log', 'ssh'])
  expect(readdirSync(folder.sshKeys)).toEqual(['ftd1.key'])
})
