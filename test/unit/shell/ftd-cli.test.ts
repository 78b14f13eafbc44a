import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ftdShells } from '../../../services/ftd/cli/shells.ts'
import { ftdPrograms } from '../../../services/ftd/index.ts'
import { hostShells } from '../../../shared/host/shell/exec.ts'
import { readProxy } from '../../../services/ftd/cli/network-config.ts'
import { DEVICE_FILE, SFTUNNEL_STATE } from '../../../services/ftd/paths.ts'
import type { ExecOptions, ExecResult } from '../../../shared/host/host.ts'
import { device, testPrograms } from './device.ts'

let lab: Awaited<ReturnType<typeof device>>
let run: (command: string, options?: ExecOptions) => Promise<ExecResult>
const resolvConf = async () => (await lab.files.read('/etc/resolv.conf')).toString()

beforeEach(async () => {
  lab = await device()
  await lab.files.write('/etc/hostname', 'ftd01\n')
  await lab.files.write(
    DEVICE_FILE,
    JSON.stringify({
      uuid: '04f55302-a4d3-11e6-9626-880037a713f3',
      model: 'Cisco ASA5508-X Threat Defense (75)',
      version: '6.1.0',
      build: '330',
      manager: { address: '192.0.2.20', registrationKey: 'k' },
      traffic: [],
    }),
  )
  const shells = hostShells(ftdShells(lab.world, testPrograms, { hold: lab.hold }))
  run = (command, options) => lab.sim.run(shells.exec(command, options))
})
afterEach(() => lab.sim.close())

const SHOW_NETWORK = `===============[ System Information ]===============
Hostname                  : ftd01
DNS Servers               : 192.0.2.11
Management port           : 8305
IPv4 Default route
  Gateway                 : 192.0.2.1

======================[ eth0 ]======================
State                     : Enabled
Link                      : Up
Channels                  : Management & Events
Mode                      : Non-Autonegotiation
MDI/MDIX                  : Auto/MDIX
MTU                       : 1500
MAC Address               : 02:00:00:00:9D:A5
----------------------[ IPv4 ]----------------------
Configuration             : Manual
Address                   : 192.0.2.27
Netmask                   : 255.255.255.0
Broadcast                 : 192.0.2.255
----------------------[ IPv6 ]----------------------
Configuration             : Disabled

===============[ Proxy Information ]================
State                     : Disabled
Authentication            : Disabled

`

test('show network prints the documented block', async () => {
  expect(await run('show network')).toMatchObject({ exitCode: 0, stdout: SHOW_NETWORK, stderr: '' })
})

describe('configure network dns', () => {
  test.each([
    ['192.0.2.12', ['192.0.2.12']],
    ['servers 192.0.2.12', ['192.0.2.12']],
    ['servers 192.0.2.12,192.0.2.11', ['192.0.2.12', '192.0.2.11']],
    ['servers 192.0.2.12 192.0.2.11', ['192.0.2.12', '192.0.2.11']],
    ['192.0.2.12|192.0.2.11', ['192.0.2.12', '192.0.2.11']],
    ['servers none', []],
  ])('%s', async (words, servers) => {
    expect(await run(`configure network dns ${words}`)).toMatchObject({ exitCode: 0, output: '' })
    expect(await resolvConf()).toBe(servers.map((server) => `nameserver ${server}\n`).join(''))
    const [first = '', ...more] = servers
    expect((await run('show network')).stdout).toContain(
      `DNS Servers               : ${first}\n${more.map((server) => `${' '.repeat(28)}${server}\n`).join('')}Management port`,
    )
  })

  test('bad addresses change nothing', async () => {
    for (const words of ['servers 192.0.2.300', 'fe80::1', 'servers a,192.0.2.1', 'servers 1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4', 'servers ,']) {
      expect((await run(`configure network dns ${words}`)).exitCode).toBe(1)
    }
    expect((await run('configure network dns servers')).output).toBe('Syntax error: The command is not completed.\n')
    expect(await resolvConf()).toBe('nameserver 192.0.2.11\n')
  })

  test('search domains stay with the servers', async () => {
    await run('configure network dns searchdomains lab.example,example.com')
    await run('configure network dns 192.0.2.12')
    expect(await resolvConf()).toBe('search lab.example example.com\nnameserver 192.0.2.12\n')
    expect((await run('show network | include Domains')).stdout).toBe('Domains                   : lab.example,example.com\n')
  })
})

describe('the proxy', () => {
  test('is asked for, shown and taken away', async () => {
    const input = '192.0.2.80\n3128\ny\nuser\npa=ss\npa=ss\n'
    expect((await run('configure network http-proxy', { input })).output).toBe(
      [
        'Manual proxy configuration',
        'Enter HTTP Proxy address: ',
        'Enter HTTP Proxy Port: ',
        'Use Proxy Authentication? (y/n) [n]: ',
        'Enter Proxy Username: ',
        'Enter Proxy Password: ',
        'Confirm Proxy Password: ',
        '',
      ].join('\n'),
    )
    expect(await readProxy(lab.files)).toEqual({ host: '192.0.2.80', port: 3128, user: 'user', password: 'pa=ss' })
    expect((await run('show network | begin Proxy')).stdout).toMatch(
      /State +: Enabled\n.*: 192.0.2.80\n.*: 3128\nAuthentication +: Enabled/,
    )
    expect((await run('configure network http-proxy-disable')).output).toBe('')
    expect(await readProxy(lab.files)).toBeUndefined()
    await run('configure network http-proxy', { input: 'proxy.lab.example\n8080\n\n' })
    expect(await readProxy(lab.files)).toEqual({ host: 'proxy.lab.example', port: 8080 })
  })

  test.each(['', 'a b\n', 'x\n99999\n', 'x\n80\ny\nu\np\nq\n'])('answers that will not do change nothing: %j', async (input) => {
    expect((await run('configure network http-proxy', { input })).exitCode).toBe(1)
    expect(await readProxy(lab.files)).toBeUndefined()
  })
})

test('hostname', async () => {
  await run('configure network hostname ftd9.lab.example')
  expect((await run('show network | include Hostname')).stdout).toBe('Hostname                  : ftd9.lab.example\n')
  expect((await run('configure network hostname -x-')).exitCode).toBe(1)
})

test('show version and show managers', async () => {
  expect((await run('show version')).stdout).toMatch(
    /^-{21}\[ ftd01 \]-+\nModel {21}: Cisco ASA5508-X Threat Defense \(75\) Version 6.1.0 \(Build 330\)\nUUID {22}: 04f5/,
  )
  expect((await run('show managers')).stdout).toBe(
    'Type                      : Manager\nHost                      : 192.0.2.20\nRegistration              : Pending\n',
  )
})

test('sftunnel-status-brief', async () => {
  expect((await run('sftunnel-status-brief')).stdout).toBe(
    "PEER:192.0.2.20\nRegistration: Pending.\nConnection to peer '192.0.2.20' Attempted at \n",
  )
  const fmc = lab.sim.addHost({ name: 'fmc', interfaces: [{ name: 'eth0', address: '192.0.2.20', netmask: '255.255.255.0' }] })
  await fmc.world.net.listen({ port: 8305 }, (conn) => conn.resume())
  const conn = await lab.world.net.dial({ address: '192.0.2.20', port: 8305 })
  const at = Date.UTC(2020, 5, 10, 14, 27, 12)
  const state = {
    peer: '192.0.2.20',
    localAddress: '192.0.2.27',
    connectedSince: at,
    heartbeatSent: at + 1_000,
    heartbeatReceived: at + 2_000,
    lastAttempt: at,
  }
  await lab.files.write(SFTUNNEL_STATE, JSON.stringify(state))
  expect((await run('sftunnel-status-brief')).stdout).toBe(`PEER:192.0.2.20
Peer channel Channel-A is valid type (CONTROL), using 'eth0', connected to '192.0.2.20' via '192.0.2.27'
Peer channel Channel-B is valid type (EVENT), using 'eth0', connected to '192.0.2.20' via '192.0.2.27'
Registration: Completed.
IPv4 Connection to peer '192.0.2.20' Start Time: Wed Jun 10 14:27:12 2020 UTC
Heartbeat Send Time: Wed Jun 10 14:27:13 2020 UTC
Heartbeat Received Time: Wed Jun 10 14:27:14 2020 UTC
`)
  conn.destroy()
  await lab.files.write(SFTUNNEL_STATE, JSON.stringify({ ...state, lastDisconnect: at + 60_000 }))
  expect((await run('sftunnel-status-brief')).stdout).toBe(`PEER:192.0.2.20
Registration: Completed.
Connection to peer '192.0.2.20' Attempted at Wed Jun 10 14:27:12 2020 UTC
Last disconnect time : Wed Jun 10 14:28:12 2020 UTC
Last disconnect reason : Both control and event channel connections with peer went down
`)
})

test('a command that the appliance has and the lab does not is neither illegal nor unknown', async () => {
  for (const [line, words] of [
    ['show route', 'show route'],
    ['show conn detail | grep 443', 'show conn'],
    ['show int', 'show interface'],
    ['configure network ipv4 dhcp', 'configure network ipv4'],
    ['system support diagnostic-cli', 'system support'],
    ['capture-traffic', 'capture-traffic'],
  ] as const)
    expect(await run(line)).toMatchObject({
      exitCode: 1,
      output: `LAB_NOT_EMULATED: the appliance has the command ${words}, the lab does not\n`,
    })
  expect((await run('show nonsense')).output).toBe('Syntax error: Illegal command line\n')
  // What both shells have is root's when the lab has that one.
  const { clishKnows } = ftdShells(lab.world, ftdPrograms)
  expect(['show route', 'pigtail all', 'ping system 192.0.2.1'].filter((line) => !clishKnows(line))).toEqual([])
  expect(['more /etc/hostname', 'nslookup x', 'traceroute x', 'ping 192.0.2.1', 'vi x'].filter(clishKnows)).toEqual([])
})

test('which shell a command runs in', async () => {
  expect((await run('whoami')).stdout).toBe('root\n')
  expect((await run('whoami', { shell: 'expert' })).stdout).toBe('admin\n')
  expect((await run('id; id -un; id -g; id -Gn admin')).stdout).toBe('uid=0(root) gid=0(root) groups=0(root)\nroot\n0\nadmin\n')
  expect(await run('id -n')).toMatchObject({ exitCode: 1, stderr: 'id: cannot print only names or real IDs in default format\n' })
  expect(await run('id -ug')).toMatchObject({ exitCode: 1, stderr: 'id: cannot print "only" of more than one choice\n' })
  expect(await run('id nobody')).toMatchObject({ exitCode: 1, stderr: "id: 'nobody': no such user\n" })
  expect(await run('id -x')).toMatchObject({ exitCode: 1, stderr: "id: invalid option -- 'x'\nTry 'id --help' for more information.\n" })
  expect((await run('whoami', { shell: 'clish' })).stdout).toBe('Syntax error: Illegal command line\n')
  expect((await run('show network', { shell: 'root' })).exitCode).toBe(127)
  expect((await run('expert', { input: 'whoami\nsudo su -\nwhoami\n' })).stdout).toBe('admin\nroot\n')
  expect((await run('ping x | head -1')).stdout).toBe('seq 1\n')
  expect((await run('reboot')).stdout).toBe('going down\n')
  expect((await run('show nonsense')).stdout).toBe('Syntax error: Illegal command line\n')
})

test('reboot asks in clish', async () => {
  expect((await run('reboot', { shell: 'clish', input: 'YES\n' })).stdout).toMatch(/'NO': \ngoing down\n$/)
  expect((await run('reboot', { shell: 'clish' })).stdout).toMatch(/Reboot cancelled.\n$/)
})

test('ping system runs until Ctrl-C', async () => {
  const stop = new AbortController()
  lab.sim.clock.after(1_500, () => stop.abort())
  expect((await run('ping system x', { signal: stop.signal })).stdout).toBe('seq 1\nseq 2\n\n--- statistics ---\n')
})

test('a damaged device says so and goes on', async () => {
  await run('rm -rf /ngfw')
  expect((await run('show version')).stdout).toMatch(/^Error: cannot read \/ngfw\/etc\/sf\/device.json\n$/)
  expect((await run('show network')).exitCode).toBe(0)
})
