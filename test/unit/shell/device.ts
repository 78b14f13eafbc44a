import { PassThrough } from 'node:stream'
import type { Programs } from '../../../shared/kernel/processes.ts'
import { shellPrograms } from '../../../shared/host/shell/programs/index.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import type { TerminalSession } from '../../../shared/host/host.ts'

/** Programs that the tests can see through: what they were called with, what they read, and endless ones. */
export const testPrograms: Programs = {
  ...shellPrograms,
  '/usr/bin/curl': async (_world, { argv, stdout, stderr }) => {
    stderr.write('* Connected to lab\n* left intact\n')
    stdout.write(`got ${argv.slice(1).join(' ')}\n`)
    return argv.includes('fail') ? 6 : 0
  },
  '/bin/ping': async (world, { stdout, signal }) => {
    for (let n = 1; ; n++) {
      stdout.write(`seq ${n}\n`)
      await world.clock.sleep(1_000, signal).catch(() => {})
      if (signal.aborted) break
    }
    stdout.write('\n--- statistics ---\n')
    return 0
  },
  '/usr/bin/reader': async (_world, { stdin, stdout }) => {
    for await (const chunk of stdin) stdout.write(`[${String(chunk).trimEnd()}]\n`)
    return 0
  },
  '/sbin/reboot': async (_world, { stdout }) => {
    stdout.write('going down\n')
    return 0
  },
  '/bin/date': async (world, { stdout }) => {
    stdout.write(`${new Date(world.clock.now()).toISOString()}\n`)
    return 0
  },
}

/** A simulated host with files as a device has them. */
export async function device(programs: Programs = testPrograms) {
  const sim = createSim({ seed: 1 })
  const host = sim.addHost({
    name: 'ftd1',
    interfaces: [{ name: 'eth0', address: '192.0.2.27', netmask: '255.255.255.0', gateway: '192.0.2.1', mac: '02:00:00:00:9d:a5' }],
    programs,
  })
  const { world } = host
  const { files } = world
  await files.write('/etc/hostname', 'ftd1.lab.example\n')
  await files.write('/etc/hosts', '127.0.0.1 localhost\n')
  await files.write('/etc/resolv.conf', 'nameserver 192.0.2.11\n')
  for (const folder of ['/home/admin', '/root', '/tmp', '/ngfw/var/log']) await files.makeDir(folder)
  await files.write(
    '/ngfw/etc/sf/connector.properties',
    'registration_interval=180\nconnector_port=8989\nconnector_fqdn=api-sse.cisco.com\n',
  )
  return { sim, host, world, files, hold: () => sim.clock.hold() }
}

/** A terminal whose screen the test reads; `type` sends keys and lets everything happen that follows at once. */
export function terminal(sim: ReturnType<typeof createSim>) {
  const stdin = new PassThrough()
  const gone = new AbortController()
  let screen = ''
  const session: TerminalSession = {
    shell: 'clish',
    stdin,
    signal: gone.signal,
    stdout: { write: (text) => void (screen += typeof text === 'string' ? text : Buffer.from(text).toString()) },
    columns: 80,
  }
  return {
    session,
    stdin,
    hangUp: () => gone.abort(),
    async type(keys: string) {
      stdin.write(keys)
      await sim.clock.settle()
    },
    /** What appeared since the last call. */
    shown() {
      const text = screen
      screen = ''
      return text.replaceAll('\r\n', '\n')
    },
  }
}
