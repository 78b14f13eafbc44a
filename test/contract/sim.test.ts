import type { Log, LogFields } from '../../shared/kernel/log.ts'
import { createSim } from '../../shared/sim/sim.ts'
import { clockContract } from './clock.ts'
import { filesContract } from './files.ts'
import type { TwoHosts } from './hosts.ts'
import { ipcContract } from './ipc.ts'
import { logContract, type LoggedLine } from './log.ts'
import { netContract } from './net.ts'
import { ownershipContract, processesContract } from './processes.ts'
import { programs } from './programs.ts'
import { randomContract } from './random.ts'

const NAME = 'sim World'

async function simHosts(log?: Log): Promise<TwoHosts> {
  const sim = createSim({ seed: 7, ...(log === undefined ? {} : { log }) })
  const onNet = (name: string, address: string) => ({ name, address, netmask: '255.255.255.0' })
  const a = sim.addHost({ name: 'a', interfaces: [onNet('eth0', '192.0.2.27')], programs })
  const b = sim.addHost({ name: 'b', interfaces: [onNet('eth0', '192.0.2.28'), onNet('eth1', '192.0.2.29')], programs })
  return {
    a: a.world,
    b: b.world,
    addressOfA: '192.0.2.27',
    addressesOfB: ['192.0.2.28', '192.0.2.29'],
    port: () => 0,
    canPing: true,
    run: (work) => sim.run(work),
    [Symbol.asyncDispose]: () => sim.close(),
  }
}

async function loggedHosts() {
  const lines: LoggedLine[] = []
  return { hosts: await simHosts(recorder(lines, {})), lines: () => lines }
}

function recorder(lines: LoggedLine[], fields: LogFields): Log {
  const at =
    (level: string) =>
    (event: string, more: LogFields = {}): void =>
      void lines.push({ level, event, fields: { ...fields, ...more } })
  return {
    child: (more) => recorder(lines, { ...fields, ...more }),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}

const makeHosts = (): Promise<TwoHosts> => simHosts()

clockContract(NAME, makeHosts)
randomContract(NAME, makeHosts)
netContract(NAME, makeHosts)
ipcContract(NAME, makeHosts)
filesContract(NAME, makeHosts)
logContract(NAME, loggedHosts)
processesContract(NAME, makeHosts)
ownershipContract(NAME, makeHosts)
