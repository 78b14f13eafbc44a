import { Readable } from 'node:stream'
import { describe, expect } from 'vitest'
import type { Conn, SocketRow } from '../../shared/kernel/net.ts'
import type { Child, SpawnOptions } from '../../shared/kernel/processes.ts'
import type { World } from '../../shared/kernel/world.ts'
import { hostsTest, rejection, until, type MakeHosts } from './hosts.ts'
import { collector } from './programs.ts'

/** What every World's processes must do. The hosts must have the programs of `programs.ts`. */
export function processesContract(name: string, makeHosts: MakeHosts): void {
  describe(`processes of the ${name}`, () => {
    hostsTest('a program that the host does not have gives ENOENT', makeHosts, async ({ a: { processes } }) => {
      expect(await rejection(processes.spawn('/bin/none'))).toBe('ENOENT')
    })

    hostsTest('exit codes are told; a throw is a crash with code 1', makeHosts, async ({ a }) => {
      const [good, bad, crash] = await Promise.all([run(a, '/bin/exit', ['0']), run(a, '/bin/exit', ['43']), run(a, '/bin/crash')])
      expect(good.exit).toEqual({ code: 0, signal: null })
      expect(bad.exit).toEqual({ code: 43, signal: null })
      expect(crash.exit).toEqual({ code: 1, signal: null })
      expect(crash.stdout + crash.stderr).toBe('')
    })

    hostsTest('a program is told its arguments, environment and folder, and knows its host and pid', makeHosts, async ({ a }) => {
      const given = await run(a, '/bin/show', ['-v', 'a b'], { env: { TERM: 'vt100' }, cwd: '/ngfw' })
      expect(JSON.parse(given.stdout)).toEqual({
        argv: ['/bin/show', '-v', 'a b'],
        env: { TERM: 'vt100' },
        cwd: '/ngfw',
        host: 'a',
        pid: given.pid,
      })
      expect(given.pid).not.toBe(a.processes.pid)
      const plain = await run(a, '/bin/show')
      expect(JSON.parse(plain.stdout)).toMatchObject({ argv: ['/bin/show'], env: {}, cwd: '/' })
    })

    hostsTest('all output comes, in order, before the exit', makeHosts, async ({ a }) => {
      const { stdout, stderr } = await run(a, '/bin/count', ['1000'])
      const lines = (name: string): string => Array.from({ length: 1_000 }, (_, i) => `${name} ${i}\n`).join('')
      expect(stdout).toBe(lines('out'))
      expect(stderr).toBe(lines('err'))
    })

    hostsTest('input reaches the program, and its end does', makeHosts, async ({ a }) => {
      const { stdout, exit } = await run(a, '/bin/cat', [], { stdin: Readable.from([Buffer.from('first '), Buffer.from('second')]) })
      expect(stdout).toBe('first second')
      expect(exit.code).toBe(0)
      expect((await run(a, '/bin/cat')).stdout).toBe('') // Without input it ends at once.
    })

    hostsTest('what a program does not read stays with whoever started it', makeHosts, async ({ a }) => {
      const typed = Readable.from([Buffer.from('the next command\n')])
      expect((await run(a, '/bin/exit', ['3'], { stdin: typed })).exit.code).toBe(3)
      expect((await run(a, '/bin/cat', [], { stdin: typed })).stdout).toBe('the next command\n')
    })

    hostsTest('SIGTERM aborts the signal; a program that ends in good order tells its own exit code', makeHosts, async ({ a }) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        const { child, out } = await started(a, '/bin/polite')
        child.kill(signal)
        expect(await child.exited).toEqual({ code: 7, signal: null })
        expect(out.text()).toBe(`ready\nbye after ${signal}\n`)
      }
    })

    hostsTest('a program that the aborted signal throws out of was ended by the signal', makeHosts, async ({ a }) => {
      const { child } = await started(a, '/bin/plain')
      child.kill('SIGTERM')
      expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' })
    })

    hostsTest('SIGTERM only asks, SIGKILL does not', makeHosts, async ({ a }) => {
      const { child } = await started(a, '/bin/stubborn')
      let ended = false
      void child.exited.then(() => (ended = true))
      child.kill('SIGTERM')
      await a.clock.sleep(100)
      expect(ended).toBe(false)
      child.kill('SIGKILL')
      expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
      child.kill('SIGKILL') // To one that is gone: nothing.
    })

    hostsTest('the list shows who runs, and no longer than that', makeHosts, async ({ a, b }) => {
      const beforeMs = a.clock.now()
      const { child } = await started(a, '/bin/polite', ['-x', '1'], { title: 'connector', user: 'www' })
      const row = (await a.processes.list()).find(({ pid }) => pid === child.pid)!
      expect(row).toMatchObject({ parentPid: a.processes.pid, command: 'connector', user: 'www', args: ['/bin/polite', '-x', '1'] })
      expect(row.startedMs).toBeGreaterThanOrEqual(beforeMs - 1)
      expect(row.startedMs).toBeLessThanOrEqual(a.clock.now())
      expect((await a.processes.list()).map(({ pid }) => pid)).toContain(a.processes.pid)
      expect((await b.processes.list()).map(({ pid }) => pid)).not.toContain(child.pid)
      child.kill('SIGTERM')
      await child.exited
      expect((await a.processes.list()).map(({ pid }) => pid)).not.toContain(child.pid)
    })

    hostsTest('any process of the host can be signalled by its pid', makeHosts, async ({ a, b }) => {
      const { child } = await started(a, '/bin/polite')
      expect(await rejection(b.processes.kill(child.pid, 'SIGTERM'))).toBe('ESRCH')
      await a.processes.kill(child.pid, 'SIGTERM')
      expect((await child.exited).code).toBe(7)
      expect(await rejection(a.processes.kill(child.pid, 'SIGTERM'))).toBe('ESRCH')
      expect(await rejection(a.processes.kill(99_999_999, 'SIGKILL'))).toBe('ESRCH')
    })

    hostsTest('a child can have children, which the host knows', makeHosts, async ({ a }) => {
      const { child, out } = await started(a, '/bin/parent')
      await until(a, 'the grandchild is there', () => /child \d+\n/.test(out.text()) && out.text().includes('ready'))
      const pid = Number(/child (\d+)/.exec(out.text())![1])
      expect((await a.processes.list()).find((row) => row.pid === pid)).toMatchObject({ parentPid: child.pid, command: 'grandchild' })
      await a.processes.kill(pid, 'SIGTERM')
      expect(await child.exited).toEqual({ code: 7, signal: null })
    })

    hostsTest('lines that several processes append never mix', makeHosts, async ({ a }) => {
      await Promise.all(['x', 'y'].map((who) => run(a, '/bin/lines', ['/var/log/shared', who, '200'])))
      const lines = (await a.files.read('/var/log/shared')).toString().trimEnd().split('\n')
      for (const who of ['x', 'y'])
        expect(lines.filter((line) => line.startsWith(who))).toEqual(
          Array.from({ length: 200 }, (_, i) => `${who} ${i} ${who.repeat(100)}`),
        )
      expect(lines).toHaveLength(400)
    })

    hostsTest('each process has dice of its own', makeHosts, async ({ a }) => {
      const rolls = await Promise.all([run(a, '/bin/roll'), run(a, '/bin/roll')])
      expect(rolls[0]?.stdout).not.toBe(rolls[1]?.stdout)
    })
  })
}

/** What must become of what a process has open. The hosts must have the programs of `programs.ts`. */
export function ownershipContract(name: string, makeHosts: MakeHosts): void {
  describe(`open things of processes of the ${name}`, () => {
    hostsTest('what a process has open is shown as its own, and ends with it at once under SIGKILL', makeHosts, async (hosts) => {
      const { a, b } = hosts
      let far: Conn | undefined
      await using mine = await a.net.listen({ address: hosts.addressOfA, port: hosts.port() }, (conn) => (far = conn))
      const { child, out } = await started(
        b,
        '/bin/hold',
        [hosts.addressOfA, String(mine.at.port), '/held.sock', hosts.addressesOfB[0], String(hosts.port())],
        { title: 'holder' },
      )
      const held = { address: hosts.addressesOfB[0], port: Number(/ready (\d+)/.exec(out.text())![1]) }
      await until(a, 'its connection was accepted', () => far !== undefined)
      const ended = new Promise<void>((resolve) => far!.once('end', () => resolve()).once('error', () => resolve()))
      far!.resume()
      const pull = await b.ipc.connectPull('/held.sock')
      const beats = pull[Symbol.asyncIterator]()
      await beats.next()
      const near = await a.net.dial(held)
      const nearEnded = new Promise<void>((resolve) => near.once('end', () => resolve()).once('error', () => resolve()))
      near.resume()

      const isHeld = (row: SocketRow): boolean => row.protocol === 'unix' && row.state === 'CONNECTED' && row.path === '/held.sock'
      await until(b, 'its peer is shown', async () => (await b.net.sockets()).some(isHeld))
      const rows = (await b.net.sockets()).filter((row) => row.pid === child.pid)
      expect(rows.every((row) => row.command === 'holder')).toBe(true)
      expect(rows).toContainEqual(expect.objectContaining({ protocol: 'tcp', state: 'LISTEN', local: held }))
      expect(rows).toContainEqual(
        expect.objectContaining({ protocol: 'tcp', state: 'ESTABLISHED', remote: { address: hosts.addressOfA, port: mine.at.port } }),
      )
      expect(rows).toContainEqual(expect.objectContaining({ protocol: 'unix', state: 'LISTENING', path: '/held.sock' }))
      expect(rows).toContainEqual(expect.objectContaining({ protocol: 'unix', state: 'CONNECTED', path: '/held.sock' }))

      child.kill('SIGKILL')
      expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
      await Promise.all([ended, nearEnded])
      expect(await rejection(a.net.dial(held))).toBe('ECONNREFUSED')
      expect((await b.files.stat('/held.sock')).kind).toBe('socket')
      expect(await rejection(b.ipc.connectPull('/held.sock'))).toBe('ECONNREFUSED')
      for (let next = await beats.next(); next.done !== true; next = await beats.next()) expect(String(next.value[0])).toBe('beat')
      expect((await b.net.sockets()).filter((row) => row.pid === child.pid)).toEqual([])
      const { size } = await b.files.stat('/beat')
      await b.clock.sleep(100)
      expect((await b.files.stat('/beat')).size).toBe(size)
    })
  })
}

/** Runs a program to its end. */
async function run(world: World, program: string, args: readonly string[] = [], options: SpawnOptions = {}) {
  const stdout = collector()
  const stderr = collector()
  const child = await world.processes.spawn(program, { args, stdout, stderr, ...options })
  return { pid: child.pid, exit: await child.exited, stdout: stdout.text(), stderr: stderr.text() }
}

/** Starts a program and waits for its first line. */
async function started(
  world: World,
  program: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<{ child: Child; out: ReturnType<typeof collector> }> {
  const out = collector()
  const child = await world.processes.spawn(program, { args, stdout: out, ...options })
  await until(world, `${program} is ready`, () => out.text().includes('\n'))
  return { child, out }
}
