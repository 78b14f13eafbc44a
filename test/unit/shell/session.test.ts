import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createShells, hostShells } from '../../../shared/host/shell/exec.ts'
import { device, terminal, testPrograms } from './device.ts'

let lab: Awaited<ReturnType<typeof device>>
let screen: ReturnType<typeof terminal>
let ended: Promise<number>

beforeEach(async () => {
  lab = await device()
  const shells = createShells({
    world: lab.world,
    programs: testPrograms,
    hold: lab.hold,
    clish: (expert) => ({
      groups: { show: 'Show things', configure: 'Change things' },
      commands: [
        { words: 'show network', help: 'The network', run: async ({ print }) => (print('one\ntwo\nthree\n'), 0) },
        { words: 'show version', help: 'The version', run: async ({ print }) => (print('v\n'), 0) },
        {
          words: 'configure dns',
          help: 'DNS',
          takes: { names: 'IP', min: 1, max: 9 },
          run: async ({ args, print }) => (print(`${args.join(',')}\n`), 0),
        },
        {
          words: 'configure user',
          help: 'A user',
          run: async ({ stdio, print }) => {
            print(`${await stdio.ask('Name: ')}/${await stdio.ask('Password: ', { secret: true })}\n`)
            return 0
          },
        },
        { words: 'expert', help: 'Invoke a shell', run: async () => ({ kind: 'enter', level: expert() }) },
        { words: 'exit', help: 'Exit', run: async () => ({ kind: 'leave', exitCode: 0 }) },
      ],
    }),
  })
  screen = terminal(lab.sim)
  ended = hostShells(shells).terminal(screen.session)
  await screen.type('')
})
afterEach(() => lab.sim.close())

test('from clish to expert to root and back, each with its prompt', async () => {
  expect(screen.shown()).toBe('> ')
  await screen.type('expert\r')
  expect(screen.shown()).toBe('expert\nadmin@ftd1:~$ ')
  await screen.type('sudo su -\r')
  expect(screen.shown()).toBe('sudo su -\nroot@ftd1:~# ')
  await screen.type('cd /ngfw/var/log\r')
  expect(screen.shown()).toBe('cd /ngfw/var/log\nroot@ftd1:/ngfw/var/log# ')
  await screen.type('exit\r')
  expect(screen.shown()).toBe('exit\nlogout\nadmin@ftd1:~$ ')
  await screen.type('sudo su\r')
  expect(screen.shown()).toBe('sudo su\nroot@ftd1:/home/admin# ')
  await screen.type('\x04')
  expect(screen.shown()).toBe('exit\nadmin@ftd1:~$ ')
  await screen.type('logout\r')
  expect(screen.shown()).toBe('logout\nlogout\n> ')
  await screen.type('exit\r')
  expect(await ended).toBe(0)
})

describe('clish', () => {
  test('abbreviations, filters and errors', async () => {
    screen.shown()
    await screen.type('sh net | include t\r')
    expect(screen.shown()).toBe('sh net | include t\ntwo\nthree\n> ')
    await screen.type('show network | begin two\rshow network | grep -\r')
    expect(screen.shown()).toBe('show network | begin two\ntwo\nthree\n> show network | grep -\n> ')
    await screen.type('conf dns 1.1.1.1|2.2.2.2\r')
    expect(screen.shown()).toBe('conf dns 1.1.1.1|2.2.2.2\n1.1.1.1|2.2.2.2\n> ')
    await screen.type('foo\rshow\rshow nonsense\re\r')
    expect(screen.shown()).toBe(
      'foo\nSyntax error: Illegal command line\n> show\nSyntax error: The command is not completed.\n> show nonsense\nSyntax error: Illegal command line\n> e\nSyntax error: Ambiguous command\n> ',
    )
  })

  test('? lists what may come next and keeps the line', async () => {
    screen.shown()
    await screen.type('show ?')
    expect(screen.shown()).toBe('show ?\n  network  The network\n  version  The version\n> show ')
    await screen.type('ver\t\r')
    expect(screen.shown()).toContain('v\n> ')
    await screen.type('configure dns ?')
    expect(screen.shown()).toContain('  IP  DNS\n> configure dns ')
  })

  test('prompts of a command; a password shows as asterisks; Ctrl-C gives up', async () => {
    screen.shown()
    await screen.type('configure user\rbob\rs3cret\r')
    expect(screen.shown()).toBe('configure user\nName: bob\nPassword: ******\nbob/s3cret\n> ')
    await screen.type('configure user\r\x03')
    expect(screen.shown()).toContain('Name: ^C\n')
    await screen.type('\r\x03show version\r')
    expect(screen.shown()).toContain('v\n> ')
  })
})

describe('the terminal', () => {
  test('a program streams while it runs, and Ctrl-C ends it', async () => {
    await screen.type('expert\r')
    screen.shown()
    await screen.type('ping x\r')
    expect(screen.shown()).toBe('ping x\nseq 1\n')
    await lab.sim.advance(2_000)
    expect(screen.shown()).toBe('seq 2\nseq 3\n')
    await screen.type('\x03')
    expect(screen.shown()).toBe('^C\n--- statistics ---\nadmin@ftd1:~$ ')
  })

  test('tail -f follows through a pipe until Ctrl-C', async () => {
    await lab.files.write('/ngfw/var/log/x.log', 'level=info a\nlevel=error b\n')
    await screen.type('expert\rtail -f /ngfw/var/log/x.log | grep error\r')
    expect(screen.shown()).toMatch(/level=error b\n$/)
    await lab.files.append('/ngfw/var/log/x.log', 'level=error c\nlevel=info d\n')
    await lab.sim.advance(1_000)
    expect(screen.shown()).toBe('level=error c\n')
    await lab.files.write('/ngfw/var/log/x.log', 'error e\n')
    await lab.sim.advance(1_000)
    expect(screen.shown()).toBe('tail: /ngfw/var/log/x.log: file truncated\nerror e\n')
    await screen.type('\x03')
    expect(screen.shown()).toBe('^C\nadmin@ftd1:~$ ')
  })

  test('a loop’s output appears while it runs, and Ctrl-C ends it', async () => {
    await screen.type('expert\r')
    await screen.type('while true; do echo tick; sleep 10; done\r')
    screen.shown()
    await lab.sim.advance(20_000)
    expect(screen.shown()).toBe('tick\ntick\n')
    await screen.type('\x03')
    await lab.sim.advance(1_000)
    expect(screen.shown()).toBe('^C\nadmin@ftd1:~$ ')
  })

  test('what is typed goes to a program that reads, line by line, until Ctrl-D', async () => {
    await screen.type('expert\rreader\r')
    screen.shown()
    await screen.type('helo')
    await screen.type('\x7flo\r')
    expect(screen.shown()).toBe('helo\b \blo\n[hello]\n')
    await screen.type('\x04')
    expect(screen.shown()).toBe('admin@ftd1:~$ ')
  })

  test('what is typed ahead waits for the next prompt', async () => {
    await screen.type('expert\r')
    screen.shown()
    await screen.type('sleep 5\r')
    await screen.type('whoami\r')
    expect(screen.shown()).toBe('sleep 5\n')
    await lab.sim.advance(5_000)
    expect(screen.shown()).toBe('admin@ftd1:~$ whoami\nadmin\nadmin@ftd1:~$ ')
  })

  test('history and editing', async () => {
    await screen.type('expert\r')
    await screen.type('echo one\recho two\r')
    screen.shown()
    await screen.type('\x1b[A\x1b[A\r')
    expect(screen.shown()).toMatch(/one\nadmin@ftd1:~\$ $/)
    await screen.type('cho\x01e\x05 x\x17three\r')
    expect(screen.shown()).toMatch(/\nthree\nadmin@ftd1:~\$ $/)
    await screen.type('rubbish\x03')
    expect(screen.shown()).toBe('rubbish^C\nadmin@ftd1:~$ ')
  })

  test('ls fills columns', async () => {
    await screen.type('expert\r')
    screen.shown()
    await screen.type('ls /\r')
    expect(screen.shown()).toBe('ls /\netc  home  ngfw  root  tmp\nadmin@ftd1:~$ ')
  })

  test('input that ends is used up before every shell takes it for Ctrl-D', async () => {
    screen.stdin.end('expert\rsleep 5\rreader\rhello\r')
    await lab.sim.advance(5_000)
    expect(await ended).toBe(0)
    expect(screen.shown()).toContain('[hello]\nadmin@ftd1:~$ logout\n> \n')
  })

  test('half a line at the end of the input is not run', async () => {
    screen.stdin.end('show version\rshow net')
    await lab.sim.advance(1_000)
    expect(await ended).toBe(0)
    expect(screen.shown()).toBe('> show version\nv\n> show net\n')
  })

  test('a terminal that hangs up after its input ended ends the running program', async () => {
    screen.stdin.end('expert\rping x\r')
    await lab.sim.advance(1_000)
    screen.hangUp()
    await lab.sim.clock.settle()
    expect(await ended).toBe(255)
    expect((await lab.world.processes.list()).map(({ command }) => command)).not.toContain('ping')
  })

  test('a terminal that goes away ends the running program and the session', async () => {
    await screen.type('expert\rping x\r')
    screen.stdin.destroy()
    await lab.sim.clock.settle()
    expect(await ended).toBe(255)
    expect((await lab.world.processes.list()).map(({ command }) => command)).not.toContain('ping')
  })
})
