import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { NetInterface } from '../kernel/net.ts'
import type { Programs } from '../kernel/processes.ts'
import { seededRandom } from '../kernel/seeded-random.ts'
import type { World } from '../kernel/world.ts'
import { confineTo } from '../real/confine.ts'
import { folderFiles } from '../real/folder-files.ts'
import { behindSocketPath } from '../real/socket-path.ts'
import { zeromqIpc } from '../real/zeromq-ipc.ts'
import { mappedAddresses, REAL_ADDRESSES, type AddressMap } from './address-map.ts'
import type { WorldBoot } from './boot.ts'
import { osClock } from './clock.ts'
import { createHoldings } from './holdings.ts'
import { machineInterfaces } from './interfaces.ts'
import { jsonLog, type LogSink } from './log.ts'
import { osNet } from './net.ts'
import { osProcesses } from './processes.ts'
import { osSockets } from './sockets.ts'
import { openWallClock } from './wall-clock.ts'

export interface OsWorldOptions {
  /** The host's name in the lab. */
  readonly host: string
  /** The real folder that is the host's file tree; `/` in a container. */
  readonly root: string
  readonly seed: number | string
  readonly programs: Programs
  /** The module (path or `file:` URL) that calls `runOsProgram` with the same programs. */
  readonly entry: string
  /** How many times faster than real time lab time passes. Default 1. */
  readonly speed?: number
  /** Real time (epoch ms) at which lab time is real time: the same for all processes of a lab whose speed is not 1. Default now. */
  readonly epochMs?: number
  /** Without it the host's addresses are the machine's. */
  readonly addressMap?: AddressMap
  /** The host's interfaces; needed with an address map, else the machine's. */
  readonly interfaces?: readonly NetInterface[]
  /** The machine's routes and packet filter are the host's: a container. Default false; without it a host cannot forward. */
  readonly ownsNetwork?: boolean
  /** Where the lab's log goes. Default standard error. */
  readonly log?: LogSink
}

/** The World of a host's first process, which is this process. Disposing ends its children and closes what it opened. */
export type OsWorld = World & AsyncDisposable

/** A World on the machine's own clock, sockets, files and processes. */
export function createOsWorld(options: OsWorldOptions): OsWorld {
  const boot: WorldBoot = {
    host: options.host,
    root: realpathSync(options.root),
    seed: options.seed,
    randomPath: `/${options.host}`,
    speed: options.speed ?? 1,
    epochMs: options.epochMs ?? Date.now(),
    entry: options.entry.startsWith('file:') ? fileURLToPath(options.entry) : options.entry,
    firstPid: process.pid,
    interfaces: options.interfaces ?? machineInterfaces(),
    ownsNetwork: options.ownsNetwork ?? false,
    ...(options.addressMap === undefined ? {} : { addressMap: options.addressMap }),
  }
  const sink = options.log ?? process.stderr
  return assembleWorld({ boot, programs: options.programs, sink, childLog: sink, process: options.host })
}

/** The World of one process of a host. */
export function assembleWorld(options: {
  boot: WorldBoot
  programs: Programs
  sink: LogSink
  childLog: LogSink | number
  process: string
}): OsWorld {
  const { boot, programs, sink, childLog } = options
  const { host, root, speed, epochMs, interfaces } = boot
  const holdings = createHoldings()
  const real = confineTo(root)
  const files = folderFiles(root, {
    // A write is cheaper where the machine's own time will do.
    get now() {
      return speed === 1 && wall.aheadMs === 0 ? undefined : () => clock.now()
    },
  })
  const wall = openWallClock(real, files)
  holdings.add({ close: () => wall[Symbol.dispose]() })
  const clock = osClock({ speed, epochMs, wall })
  const log = jsonLog(sink, clock, { host, process: options.process, pid: process.pid })
  const addresses = interfaces.map((one) => one.address)
  const addressing = boot.addressMap === undefined ? REAL_ADDRESSES : mappedAddresses(host, addresses, boot.addressMap)
  const processes = osProcesses({ boot, programs, clock, wall, log, holdings, childLog })
  const sockets = async () => osSockets({ processes: await processes.list(), addressing, labPath: (path) => labPathOf(root, path) })
  return {
    host,
    clock,
    random: seededRandom(boot.seed, boot.randomPath),
    net: osNet({ clock, log, addressing, interfaces, holdings, sockets, speed, ownsNetwork: boot.ownsNetwork }),
    ipc: zeromqIpc(real, { holds: (resource) => holdings.add(resource) }),
    files,
    log,
    processes,
    [Symbol.asyncDispose]: () => holdings.closeAll(),
  }
}

/** The host's path of a real socket file, which may have been bound through a link. */
function labPathOf(root: string, path: string): string {
  const real = behindSocketPath(path)
  return root !== '/' && real.startsWith(`${root}/`) ? real.slice(root.length) : real
}
