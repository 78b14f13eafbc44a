import { afterEach, beforeEach, expect, test } from 'vitest'
import { runProgram } from '../../../shared/host/run-program.ts'
import { device } from './device.ts'

let lab: Awaited<ReturnType<typeof device>>
const run = (path: string, ...args: string[]) => lab.sim.run(runProgram(lab.world, path, args, { cwd: '/' }))

beforeEach(async () => {
  lab = await device()
  await lab.files.write('/t', 'one\nTwo 2\nthree\nfour (4)\nfive\n')
  await lab.files.write('/u', 'one\n')
})
afterEach(() => lab.sim.close())

test.each([
  [['o', '/t'], 'one\nTwo 2\nfour (4)\n'],
  [['-in', 'tWO', '/t'], '2:Two 2\n'],
  [['-v', 'e', '/t'], 'Two 2\nfour (4)\n'],
  [['-c', 'e$', '/t'], '3\n'],
  [['one\\|five', '/t'], 'one\nfive\n'],
  [['-E', 'one|f(our|ive)', '/t'], 'one\nfour (4)\nfive\n'],
  [['(4)', '/t'], 'four (4)\n'],
  [['-F', '(4', '/t'], 'four (4)\n'],
  [['-o', '[[:digit:]]', '/t'], '2\n4\n'],
  [['-A1', 'Two', '/t'], 'Two 2\nthree\n'],
  [['-C', '1', '-n', 'three', '/t'], '2-Two 2\n3:three\n4-four (4)\n'],
  [['one', '/t', '/u'], '/t:one\n/u:one\n'],
  [['-h', 'one', '/t', '/u'], 'one\none\n'],
  [['-l', 'five', '/t', '/u'], '/t\n'],
  [['-m', '1', 'o', '/t'], 'one\n'],
  [['-w', 'Tw', '/t'], ''],
  [['-r', 'port=', '/ngfw/etc'], '/ngfw/etc/sf/connector.properties:connector_port=8989\n'],
])('grep %j', async (args, stdout) => {
  const result = await run('/bin/grep', ...args)
  expect(result).toMatchObject({ stdout, stderr: '', exitCode: stdout === '' ? 1 : 0 })
})

test('grep says what is wrong', async () => {
  expect(await run('/bin/grep', 'a', '/none')).toMatchObject({ exitCode: 2, stderr: 'grep: /none: No such file or directory\n' })
  expect((await run('/bin/grep', 'a', '/ngfw')).stderr).toBe('grep: /ngfw: Is a directory\n')
  expect(await run('/bin/grep', '-E', 'a(', '/t')).toMatchObject({ exitCode: 2 })
  expect(await run('/bin/grep')).toMatchObject({ exitCode: 2 })
})

test('tail and head', async () => {
  expect((await run('/usr/bin/tail', '-2', '/t')).stdout).toBe('four (4)\nfive\n')
  expect((await run('/usr/bin/tail', '-n', '+4', '/t')).stdout).toBe('four (4)\nfive\n')
  expect((await run('/usr/bin/head', '-n1', '/t')).stdout).toBe('one\n')
  expect((await run('/usr/bin/tail', '-n1', '/t', '/u')).stdout).toBe('==> /t <==\nfive\n\n==> /u <==\none\n')
  expect(await run('/usr/bin/tail', '/none')).toMatchObject({
    exitCode: 1,
    stderr: "tail: cannot open '/none' for reading: No such file or directory\n",
  })
})

test('ls -l shows modes, owners, sizes and lab time', async () => {
  await lab.files.write('/home/admin/x', 'abc', { mode: 0o755 })
  expect((await run('/bin/ls', '-l', '/home/admin', '/t')).stdout).toBe(
    '-rw-r--r-- 1 root root 30 Jan  5 12:00 /t\n\n/home/admin:\ntotal 4\n-rwxr-xr-x 1 admin admin 3 Jan  5 12:00 x\n',
  )
  expect((await run('/bin/ls', '-d', '/home')).stdout).toBe('/home\n')
})
