import { afterEach, describe, expect, test } from 'vitest'
import type { Program } from '../../../shared/kernel/processes.ts'
import { type Daemon, enableDaemons, startSupervisor, type Supervisor } from '../../../shared/host/supervisor.ts'
import { pmtool } from '../../../shared/host/pmtool.ts'
import { reboot } from '../../../shared/host/reboot.ts'
import { createSim, type Sim } from '../../../shared/sim/sim.ts'

const base: Omit<Daemon, 'name' | 'program'> = { type: 'normal', title: 'daemon', user: 'root', requires: [] }

const waits: Program = async (world, { signal }) => {
  await world.files.append('/started', `${world.processes.pid}\n`)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  return 0
}
const stubborn: Program = (world) => new Promise(() => world.clock.after(1, () => {}))
const crashes: Program = async (world) => {
  await world.files.append('/crashes', `${world.clock.uptimeMs()} `)
  return 1
}

const sims: Sim[] = []
afterEach(async () => {
  for (const sim of sims.splice(0)) await sim.close()
})

function host(programs: Record<string, Program>) {
  const sim = createSim({ seed: 1 })
  sims.push(sim)
  const { world } = sim.addHost({
    name: 'ftd1',
    interfaces: [{ name: 'eth0', address: '192.0.2.27', netmask: '255.255.255.0' }],
    programs: { ...programs, '/bin/pmtool': pmtool('/ngfw'), '/sbin/reboot': reboot('/ngfw') },
  })
  const run = async (path: string, args: string[], user = 'root') => {
    let output = ''
    const write = (text: string | Uint8Array) => void (output += String(text))
    const child = await world.processes.spawn(path, { args, user, stdout: { write }, stderr: { write } })
    const { code } = await child.exited
    return { code, output }
  }
  return { sim, world, run }
}

async function supervise(sim: Sim, world: Parameters<typeof startSupervisor>[0], daemons: readonly Daemon[]): Promise<Supervisor> {
  return sim.run(async () => {
    await enableDaemons(world, daemons)
    return startSupervisor(world, daemons)
  })
}

describe('supervisor', () => {
  test('starts a daemon only when those it requires are ready', async () => {
    const { sim, world } = host({ '/a': waits, '/b': waits })
    const a = { ...base, name: 'a', program: '/a', ready: () => world.clock.sleep(5_000) }
    const b = { ...base, name: 'b', program: '/b', requires: ['a'] }
    const supervisor = await supervise(sim, world, [b, a])
    await sim.advance(4_000)
    expect(supervisor.status().map(({ name, state }) => `${name} ${state}`)).toEqual(['b Waiting', 'a Running'])
    await sim.advance(2_000)
    expect(supervisor.status().map(({ state }) => state)).toEqual(['Running', 'Running'])
  })

  test('does not wait for a required daemon that is disabled', async () => {
    const { sim, world } = host({ '/a': waits, '/b': waits })
    const a = { ...base, name: 'a', program: '/a', ready: () => new Promise<void>(() => {}) }
    const b = { ...base, name: 'b', program: '/b', requires: ['a'] }
    const supervisor = await supervise(sim, world, [a, b])
    await sim.run(() => supervisor.disable('a'))
    await sim.advance(0)
    expect(supervisor.status().map(({ state }) => state)).toEqual(['User Disabled', 'Running'])
  })

  test('starts a crashing daemon again after growing delays of up to a minute', async () => {
    const { sim, world } = host({ '/c': crashes })
    await supervise(sim, world, [{ ...base, name: 'c', program: '/c' }])
    await sim.advance(250_000)
    expect((await world.files.read('/crashes')).toString()).toBe('0 1000 3000 7000 15000 31000 63000 123000 183000 243000 ')
  })

  test('starts a killed daemon again under another pid', async () => {
    const { sim, world } = host({ '/a': waits })
    const supervisor = await supervise(sim, world, [{ ...base, name: 'a', program: '/a' }])
    await sim.advance(0)
    const [before] = supervisor.status()
    await world.processes.kill(before!.pid!, 'SIGKILL')
    await sim.advance(0)
    expect(supervisor.status()[0]).toEqual({ name: 'a', state: 'Down' })
    await sim.advance(1_000)
    const [after] = supervisor.status()
    expect(after).toMatchObject({ state: 'Running' })
    expect(after!.pid).not.toBe(before!.pid)
    expect((await world.files.read('/ngfw/var/sf/run/a.pid')).toString()).toBe(`${after!.pid}\n`)
  })

  test('ends a daemon that ignores SIGTERM after its stop timeout', async () => {
    const { sim, world } = host({ '/s': stubborn })
    const supervisor = await supervise(sim, world, [{ ...base, name: 's', program: '/s', stopTimeoutMs: 10_000 }])
    await sim.advance(0)
    const startMs = sim.clock.now()
    await sim.run(() => supervisor.disable('s'))
    expect(sim.clock.now() - startMs).toBe(10_000)
    expect(await world.processes.list()).toHaveLength(1)
  })

  test('keeps a daemon disabled through a reboot, which clears the run folder and takes 40 s', async () => {
    const { sim, world, run } = host({ '/a': waits, '/b': waits })
    const supervisor = await supervise(sim, world, [
      { ...base, name: 'a', program: '/a' },
      { ...base, name: 'b', program: '/b' },
    ])
    await sim.run(() => supervisor.disable('b'))
    await world.files.write('/ngfw/var/sf/run/left.over', '')
    expect(await sim.run(() => run('/sbin/reboot', []))).toEqual({ code: 0, output: 'The system is going down for reboot NOW!\n' })
    await sim.advance(2_000)
    expect(supervisor.status()).toEqual([
      { name: 'a', state: 'Down' },
      { name: 'b', state: 'User Disabled' },
    ])
    expect((await sim.run(() => run('/bin/pmtool', ['status']))).output).toBe('pmtool: cannot connect to the process manager\n')
    await sim.advance(40_000)
    expect(supervisor.status().map(({ state }) => state)).toEqual(['Running', 'User Disabled'])
    await expect(world.files.stat('/ngfw/var/sf/run/left.over')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('stops everything when disposed', async () => {
    const { sim, world } = host({ '/a': waits })
    const supervisor = await supervise(sim, world, [{ ...base, name: 'a', program: '/a' }])
    await sim.run(async () => supervisor[Symbol.asyncDispose]())
    expect(await world.processes.list()).toHaveLength(1)
  })
})

describe('pmtool', () => {
  test('prints the documented blocks', async () => {
    const { sim, world, run } = host({ '/ngfw/usr/local/sf/bin/EventHandler': waits, '/b': waits })
    const supervisor = await supervise(sim, world, [
      {
        ...base,
        name: 'EventHandler',
        program: '/ngfw/usr/local/sf/bin/EventHandler',
        environment: { LD_LIBRARY_PATH: '/ngfw/usr/local/sf/lib64/EventHandlerModules' },
      },
      { ...base, name: 'SSEConnector', type: 'system', program: '/b', requires: ['EventHandler'] },
    ])
    await sim.advance(0)
    const [eventHandler, connector] = supervisor.status()
    expect((await sim.run(() => run('/bin/pmtool', ['Status']))).output).toBe(`Received status (0): 
Global Environment:
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
Daemons:
EventHandler (normal) - Running ${eventHandler!.pid}
Command: /ngfw/usr/local/sf/bin/EventHandler
LD_LIBRARY_PATH=/ngfw/usr/local/sf/lib64/EventHandlerModules
PID File: /ngfw/var/sf/run/EventHandler.pid
Enable File: /ngfw/etc/sf/EventHandler.run
CPU Affinity: 
Priority: 0
Stop Timeout: 60
Next start: Mon Jan  5 12:00:00 2026
Required by: SSEConnector
CGroups: memory=System(enrolled)

SSEConnector (system) - Running ${connector!.pid}
Command: /b
PID File: /ngfw/var/sf/run/SSEConnector.pid
Enable File: /ngfw/etc/sf/SSEConnector.run
CPU Affinity: 
Priority: 0
Stop Timeout: 60
Next start: Mon Jan  5 12:00:00 2026
Requires: EventHandler
CGroups: memory=System(enrolled)
`)
  })

  test('disables, enables and restarts in any spelling, printing nothing', async () => {
    const { sim, world, run } = host({ '/a': waits })
    const supervisor = await supervise(sim, world, [{ ...base, name: 'a', type: 'system', program: '/a' }])
    for (const [verb, argument, state] of [
      ['DisableByID', 'a', 'User Disabled'],
      ['restartbyid', 'a', 'User Disabled'],
      ['enablebyid', 'a', 'Running'],
      ['ENABLEBYID', 'a', 'Running'],
      ['RestartByID', 'a', 'Running'],
      ['restartbytype', 'System', 'Running'],
    ] as const) {
      expect(await sim.run(() => run('/bin/pmtool', [verb, argument]))).toEqual({ code: 0, output: '' })
      await sim.advance(0)
      expect(supervisor.status()[0]!.state).toBe(state)
    }
    expect((await world.files.read('/started')).toString().trim().split('\n')).toHaveLength(4)
  })

  test('refuses unknown ids, other users and other words', async () => {
    const { sim, world, run } = host({ '/a': waits })
    await supervise(sim, world, [{ ...base, name: 'a', program: '/a' }])
    expect(await sim.run(() => run('/bin/pmtool', ['disablebyid', 'x']))).toEqual({
      code: 1,
      output: "Received status (1): unknown id 'x', known ids: a\n",
    })
    expect((await sim.run(() => run('/bin/pmtool', ['status'], 'admin'))).output).toBe('pmtool: you must be root to run this command\n')
    expect((await sim.run(() => run('/bin/pmtool', ['explode']))).code).toBe(1)
  })

  test('leaves no answer sockets behind', async () => {
    const { sim, world, run } = host({ '/a': waits })
    await supervise(sim, world, [{ ...base, name: 'a', program: '/a' }])
    await sim.run(() => run('/bin/pmtool', ['status']))
    expect((await world.files.list('/ngfw/var/sf/run')).map(({ name }) => name)).toEqual(['a.pid', 'pm.sock'])
  })
})
