import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Conn } from '../../shared/kernel/net.ts'
import { mappedAddresses } from '../../shared/os/address-map.ts'
import { createOsWorld } from '../../shared/os/world.ts'
import { TimerQueue } from '../../shared/os/timers.ts'
import { rejection, until } from './hosts.ts'
import { loopbackHosts, mappedHosts } from './os-hosts.ts'
import { collector } from './programs.ts'

describe('os World', () => {
  test('an unanswered dial gives up after 127 s of lab time, also when real time is slower', async () => {
    await using hosts = await mappedHosts({ speed: 2_000 })
    const startMs = hosts.a.clock.uptimeMs()
    const dialling = hosts.a.net.dial({ address: '192.0.2.10', port: 443 })
    await expect(dialling).rejects.toThrow('connect ETIMEDOUT 192.0.2.10:443')
    expect(hosts.a.clock.uptimeMs() - startMs).toBeGreaterThanOrEqual(127_000)
  })

  test('an unanswered dial can be aborted', async () => {
    await using hosts = await mappedHosts()
    const stop = new AbortController()
    const dialling = hosts.a.net.dial({ address: '192.0.2.10', port: 443 }, stop.signal)
    stop.abort(new Error('no more'))
    await expect(dialling).rejects.toThrow('no more')
  })

  test('through an address map, a host’s loopback is its own', async () => {
    await using hosts = await mappedHosts()
    const { a, b } = hosts
    const accepted = Promise.withResolvers<Conn>()
    await using _ = await a.net.listen({ address: '127.0.0.1', port: 443 }, accepted.resolve)
    const near = await a.net.dial({ address: '127.0.0.1', port: 443 })
    expect([near.localAddress, near.remoteAddress, near.remotePort]).toEqual(['127.0.0.1', '127.0.0.1', 443])
    expect((await accepted.promise).localPort).toBe(443)
    expect(await rejection(b.net.dial({ address: '127.0.0.1', port: 443 }))).toBe('ECONNREFUSED')
    expect(await rejection(b.net.dial({ address: hosts.addressOfA, port: 443 }))).toBe('ECONNREFUSED')
  })

  test('through an address map, listening on all addresses is reached on each of them', async () => {
    await using hosts = await mappedHosts()
    const reached: (string | undefined)[] = []
    await using _ = await hosts.b.net.listen({ port: 443 }, (conn) => void (reached.push(conn.localAddress), conn.destroy()))
    for (const address of hosts.addressesOfB) {
      const conn = await hosts.a.net.dial({ address, port: 443 })
      conn.destroy()
    }
    await until(hosts.a, 'both were accepted', () => reached.length === 2)
    expect(reached).toEqual(hosts.addressesOfB)
  })

  test('a port that the address map lacks is the operator’s mistake, and named', async () => {
    await using hosts = await mappedHosts()
    await expect(hosts.a.net.listen({ port: 80 }, () => {})).rejects.toThrow('the address map has no local port for 192.0.2.27:80 of a')
    expect(() => mappedAddresses('a', [], { 'fmc:443': 1 })).toThrow('write 192.0.2.20:443')
  })

  test('forwarding says that it is not there', async () => {
    await using hosts = await loopbackHosts()
    await expect(hosts.a.net.forward({ rules: [], otherwise: 'accept' })).rejects.toThrow('forward ENOTSUP')
    expect(await hosts.a.net.shaping()).toMatchObject({ delay: { able: false }, loss: { able: false } })
  })

  test('a crash of a child is reported in the log of the lab, with its host, name and pid', async () => {
    const lines: string[] = []
    await using hosts = await loopbackHosts({ log: { write: (line) => void lines.push(line) } })
    const child = await hosts.a.processes.spawn('/bin/crash', { title: 'connector' })
    await child.exited
    await until(hosts.a, 'the crash was logged', () => lines.some((line) => line.includes('process crashed')))
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({
        level: 'error',
        host: 'a',
        process: 'connector',
        pid: child.pid,
        msg: 'process crashed',
        error: expect.stringContaining('a bug of ours') as string,
      }),
    )
  })

  test('disposing a World ends its children and closes its sockets', async () => {
    const hosts = await loopbackHosts()
    const child = await hosts.a.processes.spawn('/bin/stubborn')
    const listener = await hosts.a.net.listen({ address: '127.0.0.1', port: 0 }, () => {})
    await hosts[Symbol.asyncDispose]()
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(() => process.kill(child.pid, 0)).toThrow('ESRCH')
    await using other = await loopbackHosts()
    expect(await rejection(other.a.net.dial(listener.at))).toBe('ECONNREFUSED')
  })

  test('no child outlives the first process, however that ends', async () => {
    const root = mkdtempSync(join(tmpdir(), 'ftdlab-'))
    const source = `
      import { createOsWorld } from ${JSON.stringify(new URL('../../shared/os/world.ts', import.meta.url).href)}
      import { programs } from ${JSON.stringify(new URL('programs.ts', import.meta.url).href)}
      const world = createOsWorld({ host: 'a', root: ${JSON.stringify(root)}, seed: 1, programs, entry: ${JSON.stringify(new URL('entry.ts', import.meta.url).href)} })
      const child = await world.processes.spawn('/bin/parent', { stdout: { write: (text) => process.stdout.write(text) } })
      console.log('child ' + child.pid)
      setInterval(() => {}, 1e6)
    `
    const first = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pids: number[] = []
    for await (const line of createInterface({ input: first.stdout })) {
      const match = /^child (\d+)$/.exec(line)
      if (match) pids.push(Number(match[1]))
      if (pids.length === 2) break
    }
    first.kill('SIGKILL')
    await once(first, 'exit')
    await using hosts = await loopbackHosts()
    for (const pid of pids) await until(hosts.a, `${pid} is gone`, () => !lives(pid))
    rmSync(root, { recursive: true })
  })

  test('where the root is the machine’s, its own programs can be started, too', async () => {
    await using world = createOsWorld({ host: 'container', root: '/', seed: 1, programs: {}, entry: import.meta.url })
    const out = collector()
    const child = await world.processes.spawn('/bin/sh', {
      args: ['-c', 'echo "$X in $PWD"; exit 3'],
      env: { X: 'told' },
      cwd: '/usr',
      stdout: out,
    })
    expect(await child.exited).toEqual({ code: 3, signal: null })
    expect(out.text()).toBe('told in /usr\n')
    expect(await rejection(world.processes.spawn('/bin/no-such-program'))).toBe('ENOENT')
    expect((await world.processes.list()).length).toBeGreaterThan(1)
  })

  test('a child’s short name is its title', async () => {
    await using hosts = await loopbackHosts()
    const out = collector()
    const child = await hosts.a.processes.spawn('/bin/polite', { title: 'EventHandler', args: ['--with', '/some/path'], stdout: out })
    if (process.platform === 'linux') {
      expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('EventHandler\n')
      expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').replaceAll('\0', '')).toBe('EventHandler')
    }
    child.kill('SIGTERM')
    await child.exited
  })
})

describe('the queue of timers', () => {
  test('gives timers by deadline, then in the order they were made, whatever is removed between', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ at: fc.nat(20), remove: fc.boolean() })), (wanted) => {
        const queue = new TimerQueue()
        const timers = wanted.map(({ at }) => queue.add(at, () => {}))
        wanted.forEach(({ remove }, index) => {
          if (remove) queue.remove(timers[index]!)
        })
        const expected = timers.filter((_, index) => !wanted[index]!.remove).sort((a, b) => a.at - b.at || a.sequence - b.sequence)
        const taken = []
        for (let timer = queue.first(); timer !== undefined; timer = queue.first()) {
          taken.push(timer)
          queue.remove(timer)
          queue.remove(timer)
        }
        expect(taken).toEqual(expected)
      }),
    )
  })
})

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
