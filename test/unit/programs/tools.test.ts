import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Program } from '../../../shared/kernel/processes.ts'
import { PassThrough } from 'node:stream'
import { parseDateText } from '../../../shared/host/programs/date-text.ts'
import { API, CLOUD, createProgramsLab, serveRaw } from './programs-lab.ts'

const daemon: Program = async (world) => {
  await world.net.listen({ port: 443 }, () => {})
  await world.net.listen({ address: '127.0.0.1', port: 8989 }, () => {})
  await world.net.udp({ port: 123 })
  return new Promise(() => {})
}

async function withDaemon() {
  const lab = await createProgramsLab({ '/usr/sbin/daemon': daemon })
  const child = await lab.ftd.processes.spawn('/usr/sbin/daemon', { args: ['-D'], user: 'www' })
  await lab.sim.advance(1)
  return { lab, pid: child.pid, child }
}

test('ping counts, names and sums up', async () => {
  const lab = await createProgramsLab()
  const { output, exitCode } = await lab.run(`ping -c 2 ${API}`)
  expect(output.replace(/\d+\.\d+ ms|[\d.]+(\/[\d.]+){3}|(?<=time )\d+/g, 'T')).toBe(
    `PING ${API} (${CLOUD}) 56(84) bytes of data.\n` +
      `64 bytes from ${CLOUD}: icmp_seq=1 ttl=63 time=T\n64 bytes from ${CLOUD}: icmp_seq=2 ttl=63 time=T\n\n` +
      `--- ${API} ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time Tms\nrtt min/avg/max/mdev = T ms\n`,
  )
  expect(exitCode).toBe(0)
  await lab.sim.close()
})

test('ping without a count goes on until it is interrupted, and then sums up', async () => {
  const lab = await createProgramsLab()
  const interrupt = new AbortController()
  lab.ftd.clock.after(4_500, () => interrupt.abort())
  const { output, exitCode } = await lab.run(`ping ${CLOUD}`, { signal: interrupt.signal })
  expect(output).toMatch(/\n5 packets transmitted, 5 received, 0% packet loss, time \d+ms\n/)
  expect(exitCode).toBe(0)
  await lab.sim.close()
})

test('ping of a neighbour that does not exist says so', async () => {
  const lab = await createProgramsLab()
  const { output, exitCode } = await lab.run('ping -c 1 192.0.2.99')
  expect(output).toContain('From 192.0.2.27 icmp_seq=1 Destination Host Unreachable\n')
  expect(output).toContain('1 packets transmitted, 0 received, +1 errors, 100% packet loss')
  expect(exitCode).toBe(1)
  await lab.sim.close()
})

test('telnet copies both ways until the peer closes', async () => {
  const lab = await createProgramsLab()
  const received: string[] = []
  await serveRaw(lab, 443, (conn) => conn.end('hello\r\n'))
  await lab.cloud.net.listen({ port: 25 }, (conn) => conn.on('data', (chunk: Buffer) => received.push(String(chunk))))
  const stdin = new PassThrough()
  stdin.write('QUIT\n')
  let output = ''
  const child = await lab.ftd.processes.spawn('/usr/bin/telnet', {
    args: [API, '443'],
    stdin,
    stdout: { write: (text) => void (output += String(text)) },
  })
  expect(await lab.sim.run(child.exited)).toEqual({ code: 1, signal: null })
  expect(output).toBe(`Trying ${CLOUD}...\nConnected to ${API}.\nEscape character is '^]'.\nhello\r\nConnection closed by foreign host.\n`)
  await lab.run(`telnet ${API} smtp`, { input: 'HELO\n' })
  await lab.sim.advance(0)
  expect(received).toEqual(['HELO\r\n'])
  await lab.sim.close()
})

test('telnet leaves at Ctrl-] and tries every address', async () => {
  const lab = await createProgramsLab()
  lab.zone[API] = ['192.0.2.1', CLOUD].map((data) => ({ type: 'A', name: API, data }))
  await serveRaw(lab, 443, () => {})
  const { output, exitCode } = await lab.run(`telnet ${API} 443`, { input: '\x1d' })
  expect(output).toBe(
    `Trying 192.0.2.1...\ntelnet: connect to address 192.0.2.1: Connection refused\nTrying ${CLOUD}...\nConnected to ${API}.\nEscape character is '^]'.\nConnection closed.\n`,
  )
  expect(exitCode).toBe(0)
  await lab.sim.close()
})

test('netstat pads its columns as net-tools does', async () => {
  const { lab, pid } = await withDaemon()
  const owner = `${pid}/daemon`.padEnd(20)
  expect((await lab.run('netstat -anp')).output.split('\n')).toEqual([
    'Active Internet connections (servers and established)',
    'Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name   ',
    `tcp        0      0 0.0.0.0:443             0.0.0.0:*               LISTEN      ${owner}`,
    `tcp        0      0 127.0.0.1:8989          0.0.0.0:*               LISTEN      ${owner}`,
    `udp        0      0 0.0.0.0:123             0.0.0.0:*                           ${owner}`,
    'Active UNIX domain sockets (servers and established)',
    'Proto RefCnt Flags       Type       State         I-Node PID/Program name    Path',
    '',
  ])
  await lab.sim.close()
})

test('netstat shows names without -n, one protocol when asked, and no listeners without -a or -l', async () => {
  const { lab } = await withDaemon()
  expect((await lab.run('netstat -lt')).output.split('\n').slice(2)).toEqual([
    'tcp        0      0 *:https                 *:*                     LISTEN      ',
    'tcp        0      0 localhost:8989          *:*                     LISTEN      ',
    '',
  ])
  expect((await lab.run('netstat -t')).output.split('\n')).toHaveLength(3)
  expect((await lab.run('netstat -q')).exitCode).toBe(4)
  await lab.sim.close()
})

test('lsof selects by protocol and port and aligns its columns', async () => {
  const { lab, pid } = await withDaemon()
  const cut = (output: string): string => output.replace(/IPv4 +\d+/g, 'IPv4 INODE')
  expect(cut((await lab.run('lsof -i')).output)).toBe(
    [
      `COMMAND  PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME`,
      `daemon  ${pid}  www    3u  IPv4 INODE      0t0  TCP *:https (LISTEN)`,
      `daemon  ${pid}  www    4u  IPv4 INODE      0t0  TCP localhost:8989 (LISTEN)`,
      `daemon  ${pid}  www    5u  IPv4 INODE      0t0  UDP *:ntp`,
      '',
    ].join('\n'),
  )
  expect((await lab.run('lsof -nP -i :8989')).output).toMatch(/ TCP 127\.0\.0\.1:8989 \(LISTEN\)\n$/)
  expect((await lab.run('lsof -iTCP:https -n')).output.split('\n')).toHaveLength(3)
  expect((await lab.run('lsof -i UDP')).output).toMatch(/\*:ntp\n$/)
  expect(await lab.run('lsof -i :22')).toMatchObject({ exitCode: 1, output: '' })
  expect((await lab.run('lsof')).stderr).toMatch(/LAB_NOT_EMULATED/)
  await lab.sim.close()
})

test('ps lists owners, parents and command lines', async () => {
  const { lab, pid } = await withDaemon()
  expect((await lab.run('ps aux')).output).toContain(
    `\nwww       ${pid}  0.0  0.0      0     0 ?        S    12:00   0:00 /usr/sbin/daemon -D\n`,
  )
  expect((await lab.run('ps -ef')).output).toContain(`\nwww       ${pid}     1  0 12:00 ?        00:00:00 /usr/sbin/daemon -D\n`)
  expect((await lab.run('ps -e')).output).toContain(`\n ${pid} ?        00:00:00 daemon\n`)
  await lab.sim.close()
})

test('kill ends a process, and complains as bash does', async () => {
  const { lab, pid, child } = await withDaemon()
  expect(await lab.run(`kill -9 ${pid}`)).toMatchObject({ exitCode: 0, output: '' })
  expect(await lab.sim.run(child.exited)).toEqual({ code: null, signal: 'SIGKILL' })
  expect(await lab.run(`kill -s TERM ${pid}`)).toMatchObject({ exitCode: 1, stderr: `bash: kill: (${pid}) - No such process\n` })
  expect((await lab.run('kill -FOO 1')).stderr).toBe('bash: kill: FOO: invalid signal specification\n')
  await lab.sim.close()
})

test('date, uptime and hostname tell lab time and the appliance', async () => {
  const lab = await createProgramsLab()
  await lab.sim.advance(26 * 3_600_000 + 5 * 60_000)
  await lab.ftd.files.write('/etc/hostname', 'firepower.cisco.com\n')
  expect((await lab.run('date')).output).toBe('Tue Jan  6 14:05:00 UTC 2026\n')
  expect((await lab.run("date -u '+%Y-%m-%d %s %%'")).output).toBe('2026-01-06 1767708300 %\n')
  expect((await lab.run('uptime')).output).toBe(' 14:05:00 up 1 day,  2:05,  1 user,  load average: 0.00, 0.00, 0.00\n')
  expect((await lab.run('hostname')).output).toBe('firepower.cisco.com\n')
  expect((await lab.run('hostname -s')).output).toBe('firepower\n')
  await lab.sim.close()
})

test('date sets the clock of the host for root, and prints any time that it is told', async () => {
  const lab = await createProgramsLab()
  const { clock } = lab.ftd
  expect(await lab.run('date -s "2024-12-01 12:00:00"')).toMatchObject({ exitCode: 0, output: 'Sun Dec  1 12:00:00 UTC 2024\n' })
  expect([new Date(clock.now()).toISOString(), clock.uptimeMs()]).toEqual(['2024-12-01T12:00:00.000Z', 0])
  expect(new Date(lab.cloud.clock.now()).toISOString()).toBe('2026-01-05T12:00:00.000Z')
  expect((await lab.run('uptime')).output).toMatch(/^ 12:00:00 up 0 min,/)
  expect((await lab.run("date -s '400 days' +%F")).output).toBe('2026-01-05\n')
  expect((await lab.run('date -d @1575406676 +%s')).output).toBe('1575406676\n')
  expect((await lab.run('date --utc -d "2 years ago" +%FT%T')).output).toBe('2024-01-05T12:00:00\n')
  expect((await lab.run('date -s 08:30')).output).toBe('Mon Jan  5 08:30:00 UTC 2026\n')
  await lab.sim.close()
})

test('date says what it cannot do', async () => {
  const lab = await createProgramsLab()
  expect(await lab.run('date -s yesterday', { user: 'admin' })).toMatchObject({
    exitCode: 1,
    stderr: 'date: cannot set date: Operation not permitted\n',
    stdout: 'Sun Jan  4 12:00:00 UTC 2026\n',
  })
  expect(lab.ftd.clock.now()).toBe(Date.UTC(2026, 0, 5, 12))
  expect(await lab.run('date -s someday')).toMatchObject({ exitCode: 1, output: 'date: invalid date ‘someday’\n' })
  expect((await lab.run('date -d "2026-06-31"')).output).toBe('date: invalid date ‘2026-06-31’\n')
  expect((await lab.run('date -R')).output).toBe('date: LAB_NOT_EMULATED: -R; the lab knows -s, -d, -u and +FORMAT\n')
  expect((await lab.run('date -s')).output).toBe("date: option requires an argument -- 's'\n")
  await lab.sim.close()
})

test('date reads its own output back', async () => {
  const ms = fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * 1_000)
  const lab = await createProgramsLab()
  await fc.assert(
    fc.asyncProperty(ms, async (timeMs) => {
      expect((await lab.run(`date -s @${timeMs / 1_000}`)).exitCode).toBe(0)
      expect(parseDateText((await lab.run('date')).output, 0)).toBe(timeMs)
    }),
    { numRuns: 30 },
  )
  await lab.sim.close()
})

test('more prints files whole, with headings when there are several', async () => {
  const lab = await createProgramsLab()
  await lab.ftd.files.write('/ngfw/etc/sf/connector.properties', 'registration_interval=180\n')
  await lab.ftd.files.write('/ngfw/etc/sf/b', 'b\n')
  expect((await lab.run('more connector.properties', { cwd: '/ngfw/etc/sf' })).output).toBe('registration_interval=180\n')
  expect((await lab.run('more ../sf/b b', { cwd: '/ngfw/etc/sf' })).output).toBe(
    '::::::::::::::\n../sf/b\n::::::::::::::\nb\n::::::::::::::\nb\n::::::::::::::\nb\n',
  )
  expect(await lab.run('more /nope')).toMatchObject({ exitCode: 1, stderr: '/nope: No such file or directory\n' })
  expect((await lab.run('less', { input: 'piped\n' })).output).toBe('piped\n')
  await lab.sim.close()
})

test('nslookup asks the server that is named', async () => {
  const lab = await createProgramsLab()
  await lab.ftd.files.write('/etc/resolv.conf', '')
  expect((await lab.run(`nslookup ${API} 192.0.2.11`)).exitCode).toBe(0)
  expect((await lab.run(`nslookup ${API} dns.example.com`)).output).toBe(
    "nslookup: couldn't get address for 'dns.example.com': not found\n",
  )
  await lab.sim.close()
})
