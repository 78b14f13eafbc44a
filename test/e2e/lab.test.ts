import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { LabRecord } from '../../services/lab/state/record.ts'
import { desk, type Desk } from './cli.ts'

// Each step is a process of its own: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** What is left of a lab in its folder: nothing that only a running one has. */
const leftovers = (at: Desk) => readdirSync(join(at.folder, '.ftdlab')).filter((name) => !['lock', 'lab.log', 'ssh'].includes(name))
const sentence = /^[^\n]+\n$/

describe('a lab in the background', () => {
  let at: Desk
  const record = () => JSON.parse(readFileSync(join(at.folder, '.ftdlab/lab.json'), 'utf8')) as Extract<LabRecord, { state: 'running' }>
  const status = async () =>
    JSON.parse((await at.run('status', '--json')).stdout) as {
      healthy: boolean
      hosts: { name: string }[]
      events: { device: string; stored: number; lost: number }[]
    }

  beforeAll(async () => {
    at = desk()
    const up = await at.run('up', '--detach', '--port', '0', '--ftds', '2')
    expect(up).toMatchObject({ code: 0, stderr: '' })
    expect(up.stdout).toMatch(/healthy after \d+\.\d s\n/)
  })
  afterAll(() => at[Symbol.asyncDispose]())

  test('is healthy once it is up, and says so to scripts', async () => {
    expect(await status()).toMatchObject({
      healthy: true,
      hosts: expect.arrayContaining([
        expect.objectContaining({ name: 'ftd1', kind: 'ftd', address: '192.0.2.27', healthy: true, processes: expect.any(Array) }),
      ]),
      clock: { now: expect.any(Number), speed: 10, paused: false },
      events: [expect.objectContaining({ device: 'ftd1', lost: 0 }), expect.objectContaining({ device: 'ftd2', lost: 0 })],
    })
    expect((await at.run('status')).stdout).toMatch(/^healthy\n/)
  })

  test('only its owner can read the token', () => {
    expect(statSync(join(at.folder, '.ftdlab/lab.json')).mode & 0o777).toBe(0o600)
  })

  test('exec prints what the device prints, each stream to its own, and exits as it exits', async () => {
    const curl = await at.run('exec', 'ftd1', 'curl -v -k https://api-sse.cisco.com')
    expect(curl).toMatchObject({ code: 0, stdout: 'Forbidden' })
    expect(curl.stderr).toMatch(/^\* Rebuilt URL to: https:\/\/api-sse\.cisco\.com\/\n[^]*< HTTP\/1\.1 403 Forbidden[^]*left intact\n$/)
    expect(await at.run('exec', 'ftd1', 'sh -c "exit 7"')).toMatchObject({ code: 7 })
    expect((await at.run('exec', 'ftd1', 'show network')).stdout).toContain('192.0.2.27')
    expect((await at.run('exec', 'ftd1', '--shell', 'expert', 'whoami')).stdout).toBe('admin\n')
  })

  test('ssh takes what is piped in as if it were typed, and ends with it', async () => {
    const typed = await at.start(['ssh', 'ftd1'], { input: 'show network\nexit\n' }).ended
    expect(typed).toMatchObject({ code: 0, stderr: '' })
    expect(typed.stdout).toMatch(/^> show network\r\n=+\[ System Information \]=+\r\n[^]*192\.0\.2\.27[^]*\r\n> exit\r\n$/)
    const endless = await at.start(['ssh', 'ftd1'], { input: 'expert\nwhoami\n' }).ended
    expect(endless).toMatchObject({ code: 0, stderr: '' })
    expect(endless.stdout).toMatch(/\r\nadmin\r\nadmin@ftd1:~\$ logout\r\n> \r\n$/)
    expect(await at.run('ssh', 'ftd1')).toEqual({ code: 0, stdout: '> \r\n', stderr: '' })
  })

  test('Ctrl-C is Ctrl-C on the device', async () => {
    const ping = at.start(['exec', 'ftd1', 'ping api-sse.cisco.com'])
    // The device says when the command runs there; then there is something to interrupt.
    await expect
      .poll(async () => (await at.run('exec', 'ftd1', 'ps aux | grep "ping api-sse" | grep -v grep')).stdout, { timeout: 30_000 })
      .toContain('ping')
    ping.child.kill('SIGINT')
    expect((await ping.ended).stdout).toContain('ping statistics')
  })

  test('the first failure, found and healed as README shows it', async () => {
    const added = await at.run('fault', 'add', 'device.dns', 'host=ftd1', 'servers=192.0.2.10')
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^f\d+ /) })
    expect(await at.run('exec', 'ftd1', 'curl -v -k https://api-sse.cisco.com')).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("curl: (6) Couldn't resolve host"),
    })
    expect((await at.run('fault', 'ls')).stdout).toContain('device.dns')
    expect(await at.run('exec', 'ftd1', 'configure network dns servers 192.0.2.11')).toMatchObject({ code: 0 })
    expect((await at.run('exec', 'ftd1', 'curl -v -k https://api-sse.cisco.com')).code).toBe(0)
    const [id] = added.stdout.split(' ')
    expect(await at.run('fault', 'rm', id!)).toMatchObject({ code: 0 })
    expect(await at.run('fault', 'rm', id!)).toMatchObject({ code: 1, stderr: `there is no fault ${id}; none is active\n` })
    await expect.poll(async () => (await status()).healthy, { timeout: 60_000 }).toBe(true)
    expect((await status()).events.map(({ lost }) => lost)).toEqual([0, 0])
  })

  test('a fault that comes and goes is told to wait, and is gone when it is over', async () => {
    const added = await at.run('fault', 'add', 'dns.nxdomain', 'name=nobody.example', '--after', '1h', '--for', '5m')
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^f\d+ .* It begins after 1h, lasts 5m\. Now: waiting\.\n$/) })
    await at.run('clock', 'advance', '62m')
    expect((await at.run('fault', 'ls')).stdout).toContain('Now: acting.')
    await at.run('clock', 'advance', '5m')
    expect((await at.run('fault', 'ls')).stdout).toMatch(/^no fault is active/)
  })

  test('events from a file come out of the cloud again, each once; a malformed line is reported and loses no other', async () => {
    const file = join(at.folder, 'events.log')
    writeFileSync(
      file,
      [
        '<113>2022-07-11T14:22:33Z ftd2 %FTD-6-430003: EventPriority: High, SrcIP: 198.51.100.7, URL: https://x.example/a?b=1, 2:3',
        'nonsense',
        '{"type":"file","id":430004,"time":1660000000000,"fields":{"FileName":"a.pdf"}}',
        '',
      ].join('\n'),
    )
    expect(await at.run('events', 'replay', file, '--device', 'ftd1')).toEqual({
      code: 1,
      stdout: '1 event from ftd2\n1 event from ftd1\n',
      stderr: `${file}:2: it has no tag such as %FTD-6-430003:, and is not JSON\n1 malformed line in ${file}; the others were sent\n`,
    })
    const listed = async (...words: string[]) => JSON.parse((await at.run('events', 'ls', '--json', ...words)).stdout) as unknown[]
    await expect.poll(() => listed('--type', 'file'), { timeout: 60_000 }).toHaveLength(1)
    expect(await listed('--type', 'file')).toMatchObject([
      { device: 'ftd1', number: expect.any(Number), type: 'file', time: 1_660_000_000_000, fields: { FileName: 'a.pdf' } },
    ])
    await expect
      .poll(() => listed('--device', 'ftd2', '--type', 'connection'), { timeout: 60_000 })
      .toMatchObject([{ device: 'ftd2', fields: { URL: 'https://x.example/a?b=1, 2:3' } }])
    expect(await at.run('events', 'send', 'ftd1', '--type', 'malware', '--count', '3')).toMatchObject({
      code: 0,
      stdout: '3 malware events from ftd1\n',
    })
    await expect.poll(() => listed('--type', 'malware'), { timeout: 60_000 }).toHaveLength(3)
  })

  test('its clock is paused, run, changed and pushed on', async () => {
    const now = async () => (JSON.parse((await at.run('clock', '--json')).stdout) as { now: number }).now
    expect((await at.run('clock', 'pause')).stdout).toContain('paused')
    const paused = await now()
    expect(await now()).toBe(paused)
    expect((await at.run('clock', 'run')).stdout).not.toContain('paused')
    expect((await at.run('clock', 'speed', '20')).stdout).toContain('20 lab seconds a second')
    expect(await at.run('clock', 'advance', '2m')).toMatchObject({ code: 0 })
    expect(await now()).toBeGreaterThanOrEqual(paused + 120_000)
  })

  test.each([
    [['exec', 'ftd9', 'ls'], 'there is no host named ftd9; the hosts are dns, gateway, proxy, sse, fmc, ftd1, ftd2'],
    [['ssh', 'ftd9'], 'there is no terminal on ftd9; hosts with one are fmc, ftd1, ftd2'],
    [['fault', 'add', 'device.dns', 'host=ftd9', 'servers='], 'ftd9'],
    [['events', 'replay', '/nowhere'], '/nowhere cannot be read: there is no such file'],
    [['exec', 'ftd1', 'ls', '--input', '/nowhere'], '--input /nowhere cannot be read: there is no such file'],
    [['up', '--port', '0'], 'is already running in'],
    [['up', '--detach', '--port', '0'], 'is already running in'],
  ])('%j is refused in one sentence', async (words, says) => {
    const ran = await at.run(...words)
    expect(ran.code).toBe(1)
    expect(ran.stdout).toBe('')
    expect(ran.stderr).toMatch(sentence)
    expect(ran.stderr).toContain(says)
  })

  test('a second lab in another folder is refused its ports, and leaves nothing', async () => {
    await using other = desk()
    for (const words of [
      ['up', '--port', String(record().doors.console)],
      ['up', '--detach', '--port', String(record().doors.console)],
    ]) {
      const ran = await other.run(...words)
      expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence) })
      expect(ran.stderr).toContain(`port ${record().doors.console} for the console is in use`)
      expect(leftovers(other)).toEqual([])
    }
  })

  test('its API ends it only for who has the token; `down` ends it and leaves nothing behind', async () => {
    expect((await fetch(`${record().url}/api/shutdown`, { method: 'POST' })).status).toBe(401)
    const { pid } = record()
    expect(await at.run('down')).toEqual({ code: 0, stdout: 'the lab has ended\n', stderr: '' })
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(leftovers(at)).toEqual([])
    expect(await at.run('down')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^no lab is running in [^\n]+\n$/) })
    expect(await at.run('status')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^no lab is running in [^\n]+; start one with `ftdlab up`\n$/),
    })
  })
})

describe('a lab in the foreground', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends in good order with %s, also when it comes twice', async (signal) => {
    await using at = desk()
    const up = at.start(['up', '--port', '0'])
    await up.printed('Ctrl-C ends the lab')
    up.child.kill(signal)
    up.child.kill(signal)
    const ran = await up.ended
    expect(ran.code).toBe(0)
    expect(ran.stdout).toMatch(/ending the lab\nthe lab has ended\n$/)
    expect(leftovers(at)).toEqual([])
  })

  test('ends while it starts', async () => {
    await using at = desk()
    const up = at.start(['up', '--port', '0'])
    await up.printed('dns is up')
    up.child.kill('SIGINT')
    expect((await up.ended).code).toBe(130)
    expect(leftovers(at)).toEqual([])
  })

  test('ends when its API is asked to', async () => {
    await using at = desk()
    const up = at.start(['up', '--port', '0'])
    await up.printed('Ctrl-C ends the lab')
    const { url, token } = JSON.parse(readFileSync(join(at.folder, '.ftdlab/lab.json'), 'utf8')) as { url: string; token: string }
    expect((await fetch(`${url}/api/shutdown`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status).toBe(202)
    expect((await up.ended).code).toBe(0)
  })

  test('that was killed is taken over by the next one', async () => {
    await using at = desk()
    const first = at.start(['up', '--port', '0'])
    await first.printed('Ctrl-C ends the lab')
    first.child.kill('SIGKILL')
    await first.ended
    expect(await at.run('status')).toMatchObject({ code: 1, stderr: expect.stringContaining('did not end cleanly') })
    const second = at.start(['up', '--port', '0'])
    await second.printed('Ctrl-C ends the lab')
    second.child.kill('SIGINT')
    const ran = await second.ended
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain('did not end cleanly; clearing up what it left')
    expect(leftovers(at)).toEqual([])
  })
})

describe('what cannot be', () => {
  test('a broken state folder is one sentence, for every command', async () => {
    await using at = desk()
    mkdirSync(join(at.folder, '.ftdlab'))
    writeFileSync(join(at.folder, '.ftdlab/lab.json'), '{"pid":')
    for (const words of [['up', '--port', '0'], ['up', '--detach', '--port', '0'], ['status'], ['down'], ['exec', 'ftd1', 'ls']]) {
      const ran = await at.run(...words)
      expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) })
      expect(ran.stderr).toContain(
        'lab.json does not say how to reach the lab (it is not JSON); if no lab is running there, remove the folder',
      )
    }
  })

  test('a file in the place of the state folder', async () => {
    await using at = desk()
    writeFileSync(join(at.folder, '.ftdlab'), '')
    for (const words of [['up', '--port', '0'], ['up', '--detach', '--port', '0'], ['status']]) {
      expect(await at.run(...words)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) })
    }
  })

  test('a port of another program', async () => {
    await using at = desk()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    try {
      const ran = await at.run('up', '--port', String(port - 1))
      expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) })
      expect(ran.stderr).toContain(`port ${port} for FMC's HTTPS is in use`)
      expect(existsSync(join(at.folder, '.ftdlab/lab.json'))).toBe(false)
    } finally {
      other.close()
    }
  })
})
