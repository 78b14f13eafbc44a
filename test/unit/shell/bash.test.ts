import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createShells, execIn, type Shells } from '../../../shared/host/shell/exec.ts'
import { device, testPrograms } from './device.ts'

type Device = Awaited<ReturnType<typeof device>>
let lab: Device
let shells: Shells
const run = (command: string, options?: Parameters<typeof execIn>[2]) => lab.sim.run(execIn(shells, command, options))

beforeEach(async () => {
  lab = await device()
  shells = createShells({ world: lab.world, programs: testPrograms, clish: () => ({ commands: [], groups: {} }), hold: lab.hold })
})
afterEach(() => lab.sim.close())

describe('programs', () => {
  test('a program runs as a process with its words, and its exit code is the line’s', async () => {
    expect(await run('curl -v "a b" fail')).toMatchObject({
      exitCode: 6,
      stdout: 'got -v a b fail\n',
      stderr: '* Connected to lab\n* left intact\n',
    })
    expect((await run('/usr/bin/curl x')).stdout).toBe('got x\n')
  })

  test('output keeps the order of both streams', async () => {
    expect((await run('curl x; echo done')).output).toBe('* Connected to lab\n* left intact\ngot x\ndone\n')
  })

  test('2>&1 sends standard error through a pipe', async () => {
    expect(await run('curl -v x 2>&1 | grep left')).toMatchObject({ exitCode: 0, stdout: '* left intact\n', stderr: '' })
    expect(await run('curl -v x | grep left')).toMatchObject({ exitCode: 1, stdout: '', stderr: '* Connected to lab\n* left intact\n' })
  })

  test('the interpreter runs programs too, inside pipes, substitutions and redirections', async () => {
    expect((await run('curl -v x 2>&1 | sed -n s/left/LEFT/p')).stdout).toBe('* LEFT intact\n')
    expect((await run('x=$(curl y 2>/dev/null); echo "<$x>"')).stdout).toBe('<got y>\n')
    await run('curl z > /tmp/out 2> /tmp/err')
    expect((await run('cat /tmp/out /tmp/err')).stdout).toBe('got z\n* Connected to lab\n* left intact\n')
  })

  test('an unknown command is answered as bash does', async () => {
    expect(await run('nosuch -x')).toMatchObject({ exitCode: 127, stderr: 'bash: nosuch: command not found\n' })
  })

  test('sleep takes lab time and no other', async () => {
    const before = lab.sim.clock.now()
    await run('sleep 2m && echo up')
    expect(lab.sim.clock.now() - before).toBe(120_000)
  })

  test('the interpreter itself takes no lab time', async () => {
    const before = lab.sim.clock.now()
    lab.sim.clock.after(1, () => {})
    await run('for i in 1 2 3; do echo $i | awk "{print \\$1 * 2}"; done')
    expect(lab.sim.clock.now()).toBe(before)
  })

  test('a program killed by a signal gives 128 and its number', async () => {
    const work = execIn(shells, 'ping x')
    await lab.sim.advance(1_500)
    const [row] = (await lab.world.processes.list()).filter(({ command }) => command === 'ping')
    await lab.world.processes.kill(row!.pid, 'SIGKILL')
    expect(await lab.sim.run(work)).toMatchObject({ exitCode: 137, stdout: 'seq 1\nseq 2\n', stderr: 'Killed\n' })
  })

  test('an aborted signal is Ctrl-C', async () => {
    const stop = new AbortController()
    const work = execIn(shells, 'ping x', { signal: stop.signal })
    await lab.sim.advance(2_500)
    stop.abort()
    expect((await lab.sim.run(work)).stdout).toBe('seq 1\nseq 2\nseq 3\n\n--- statistics ---\n')
    const loop = new AbortController()
    const looping = execIn(shells, 'while true; do date; sleep 10; done', { signal: loop.signal })
    await lab.sim.advance(25_000)
    loop.abort()
    expect(await lab.sim.run(looping)).toMatchObject({
      exitCode: 130,
      stdout: '2026-01-05T12:00:02.500Z\n2026-01-05T12:00:12.500Z\n2026-01-05T12:00:22.500Z\n',
    })
  })

  test('head ends what it no longer reads', async () => {
    expect((await run('ping x | head -2')).stdout).toBe('seq 1\nseq 2\n')
  })
})

describe('the interpreter', () => {
  test.each([
    ['cat /ngfw/etc/sf/connector.properties | grep -v interval | wc -l', '2\n'],
    ["awk -F= '/port/ {print $2}' /ngfw/etc/sf/connector.properties", '8989\n'],
    ['cd /ngfw/etc; ls; pwd', 'sf\n/ngfw/etc\n'],
    ['false; echo $?; true && echo yes || echo no', '1\nyes\n'],
    ['f() { echo "f $1"; }; f x', 'f x\n'],
    ['for f in /ngfw/etc/sf/*; do echo $f; done', '/ngfw/etc/sf/connector.properties\n'],
    ['cat <<E\nhere $((1+2))\nE', 'here 3\n'],
    ['echo ü | cat | tr -d x', 'ü\n'],
    ['whoami; id -u >/dev/null; which curl tail', 'root\n/usr/bin/curl\n/usr/bin/tail\n'],
    ['echo a; exit 3; echo b', 'a\n'],
  ])('%s', async (line, stdout) => {
    const result = await run(line)
    expect(result.stdout).toBe(stdout)
    expect(result.stderr).toBe('')
  })

  test('writes go to the host’s files', async () => {
    await run('echo "connector_port=1" >> /ngfw/etc/sf/connector.properties; sed -i s/180/60/ /ngfw/etc/sf/connector.properties')
    expect((await lab.files.read('/ngfw/etc/sf/connector.properties')).toString()).toMatch(
      /^registration_interval=60\n[^]*connector_port=1\n$/,
    )
    await run('mkdir -p /tmp/a/b && cp /etc/hosts /tmp/a/b/h && mv /tmp/a/b/h /tmp/a/h && rm -r /tmp/a/b')
    expect((await lab.files.list('/tmp/a')).map(({ name }) => name)).toEqual(['h'])
    expect(await run('rm -r /tmp/a; ls /tmp/a')).toMatchObject({
      exitCode: 2,
      stderr: "ls: cannot access '/tmp/a': No such file or directory\n",
    })
  })

  test('syntax errors are bash’s', async () => {
    expect(await run("echo 'a")).toMatchObject({ exitCode: 2, stdout: '' })
    expect((await run('for i in 1; do')).stderr).toBe('bash: syntax error: unexpected end of file\n')
  })

  test('nothing of the machine can be seen', async () => {
    const secret = process.env['PATH']!
    const { output } = await run(
      `cat /proc/self/environ /etc/passwd /proc/version /proc/self/cmdline; ls /proc /usr/local ${process.cwd()}; env; hostname; curl file:///etc/passwd; printenv PWD; echo ~ $HOME /home/*`,
    )
    expect(output).not.toContain(secret)
    expect(output).not.toMatch(/root:x|node_modules|Linux version/)
    expect(output).toContain(`ls: cannot access '${process.cwd()}': No such file or directory`)
    expect(output).toContain('cat: /etc/passwd: No such file or directory')
    expect(output).toContain('/root /root /home/admin')
    for (const command of ['node', 'js-exec', 'sqlite3']) expect((await run(command)).exitCode).toBe(127)
  })

  test('a command that the appliance has and the lab does not is not called unknown', async () => {
    for (const command of ['python3', 'wget', 'vi'])
      expect(await run(`${command} http://x`)).toMatchObject({
        exitCode: 126,
        stderr: `${command}: LAB_NOT_EMULATED: the appliance has this command, the lab does not\n`,
      })
  })

  test('a runaway loop is stopped', async () => {
    expect((await run('while true; do :; done')).exitCode).not.toBe(0)
  })
})

describe('users', () => {
  test('the admin writes at home and in /tmp only, and reads everything', async () => {
    const expert = (line: string) => run(line, { shell: 'expert' })
    expect(await expert('echo x > /etc/resolv.conf')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('/etc/resolv.conf: Permission denied'),
    })
    expect((await expert('rm /etc/hosts')).exitCode).toBe(1)
    expect((await expert('echo x > f && cat /home/admin/f /etc/hosts && whoami')).stdout).toBe('x\n127.0.0.1 localhost\nadmin\n')
  })

  test('sudo does as root', async () => {
    const expert = (line: string) => run(line, { shell: 'expert' })
    expect((await expert('sudo whoami')).stdout).toBe('root\n')
    expect((await expert('echo "nameserver 192.0.2.10" | sudo tee /etc/resolv.conf')).stdout).toBe('nameserver 192.0.2.10\n')
    expect((await expert("sudo sed -i 's/10$/11/' /etc/resolv.conf; cat /etc/resolv.conf")).stdout).toBe('nameserver 192.0.2.11\n')
    expect((await expert("sudo bash -c 'whoami; echo y > /etc/y'; cat /etc/y; rm /etc/y; echo $?")).stdout).toBe('root\ny\n1\n')
    expect((await expert('sudo ping x | head -1; sudo whoami | sed s/o/0/')).stdout).toBe('seq 1\nr0ot\n')
  })

  test('input goes to the shell that a command opens', async () => {
    expect((await run('sudo su -', { shell: 'expert', input: 'cd /ngfw\nwhoami\npwd\nexit 4\n' })).stdout).toBe('root\n/ngfw\n')
    expect((await run('sudo su', { shell: 'expert', input: 'pwd\nfalse\n' })).stdout).toBe('/home/admin\n')
    expect(await run('su -', { shell: 'expert', input: 'secret\n' })).toMatchObject({
      exitCode: 1,
      output: 'Password: \nsu: Authentication failure\n',
    })
  })
})
