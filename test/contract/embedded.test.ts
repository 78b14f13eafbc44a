import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { confineTo } from '../../shared/real/confine.ts'
import { folderFiles } from '../../shared/real/folder-files.ts'
import { zeromqIpc } from '../../shared/real/zeromq-ipc.ts'
import { pace } from '../../shared/sim/pace.ts'
import { createSim } from '../../shared/sim/sim.ts'
import { clockContract } from './clock.ts'
import { filesContract } from './files.ts'
import type { TwoHosts } from './hosts.ts'
import { ipcContract } from './ipc.ts'
import { ownershipContract, processesContract } from './processes.ts'
import { programs } from './programs.ts'

const NAME = 'sim World with real folders and sockets'

/** As the embedded lab runs: simulated hosts, paced against real time, with their files and ZeroMQ sockets in real folders. */
async function makeHosts(): Promise<TwoHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'ftdlab-'))
  const sim = createSim({ seed: 7, startMs: Date.now() })
  const make = async (name: string, addresses: readonly string[]) => {
    const root = await mkdtemp(join(folder, `${name}-`))
    return sim.addHost({
      name,
      interfaces: addresses.map((address, index) => ({ name: `eth${index}`, address, netmask: '255.255.255.0' })),
      programs,
      outside: {
        files: folderFiles(root, { now: () => sim.host(name)!.world.clock.now() }),
        ipc: (holds) => zeromqIpc(confineTo(root), { holds }),
      },
    })
  }
  const a = await make('a', ['192.0.2.27'])
  const b = await make('b', ['192.0.2.28', '192.0.2.29'])
  const pacer = pace(sim.clock, 1)
  return {
    a: a.world,
    b: b.world,
    addressOfA: '192.0.2.27',
    addressesOfB: ['192.0.2.28', '192.0.2.29'],
    port: () => 0,
    canPing: true,
    run: (work) => work(),
    [Symbol.asyncDispose]: async () => {
      await pacer[Symbol.asyncDispose]()
      await sim.close()
      await rm(folder, { recursive: true })
    },
  }
}

clockContract(NAME, makeHosts)
ipcContract(NAME, makeHosts)
filesContract(NAME, makeHosts)
processesContract(NAME, makeHosts)
ownershipContract(NAME, makeHosts)
