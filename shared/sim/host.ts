import { errno } from '../kernel/errors.ts'
import type { Files } from '../kernel/files.ts'
import { inPrefix, parseIp, type Prefix } from '../kernel/ip.ts'
import type { Log } from '../kernel/log.ts'
import type { Endpoint, NetInterface } from '../kernel/net.ts'
import type { Programs } from '../kernel/processes.ts'
import type { Random } from '../kernel/random.ts'
import type { World } from '../kernel/world.ts'
import type { WallClock } from './clock.ts'
import { MemoryFiles } from './files.ts'
import type { OutsideIpc } from './ipc-outside.ts'
import type { SimIpcSocket, SimUnixSocket } from './ipc.ts'
import type { Dialling, SimListener, SimUdp } from './net.ts'
import { SimProcess } from './process.ts'
import type { CompiledForwarding } from './route.ts'
import type { Sim } from './sim.ts'

export interface SimHostOptions {
  readonly name: string
  readonly interfaces: readonly NetInterfaceOptions[]
  readonly programs?: Programs
  /** What the host has outside this process: a real folder as its files, and real ZeroMQ sockets in it. Both are in memory unless given. */
  readonly outside?: { readonly files: Files; readonly ipc: OutsideIpc }
}

/** An interface as a topology names it; what is left out is derived from the address. */
export type NetInterfaceOptions = Pick<NetInterface, 'name' | 'address' | 'netmask'> & Partial<NetInterface>

const EPHEMERAL = { first: 32_768, last: 60_999 }
const LOOPBACK = '127.0.0.1'

/** A simulated host: its interfaces, files, sockets and processes. */
export class SimHost {
  readonly sim: Sim
  readonly name: string
  readonly interfaces: readonly NetInterface[]
  readonly programs: Programs
  readonly random: Random
  readonly log: Log
  readonly files: Files
  readonly processes = new Map<number, SimProcess>()
  readonly listeners: SimListener[] = []
  readonly udpSockets: SimUdp[] = []
  readonly dialling = new Set<Dialling>()
  /** The World of the host's first process: what a host's `start` function gets. */
  readonly world: World
  forwarding: CompiledForwarding | undefined
  #forwardingDice: Random | undefined
  readonly wallClock: WallClock
  readonly #networks: readonly { readonly prefix: Prefix; readonly networkInterface: NetInterface }[]
  readonly #memory: MemoryFiles | undefined
  readonly outsideIpc: OutsideIpc | undefined
  readonly #outsideRows = new Set<() => readonly SimUnixSocket[]>()
  readonly #bound = new Map<number, SimIpcSocket>()
  readonly #unixRows = new Set<SimUnixSocket>()
  readonly #init: SimProcess
  readonly #spawns = new Map<string, number>()
  #pid: number
  #port: number
  #inode: number

  constructor(sim: Sim, options: SimHostOptions) {
    this.sim = sim
    this.name = options.name
    this.programs = options.programs ?? {}
    this.random = sim.random.stream(`host/${options.name}`)
    this.log = sim.log.child({ host: options.name })
    this.interfaces = options.interfaces.map((given) => ({ mac: macOf(given.address), mtu: 1_500, ...given }))
    this.#networks = this.interfaces.map((networkInterface) => {
      const mask = parseIp(networkInterface.netmask)!
      const base = (parseIp(networkInterface.address)! & mask) >>> 0
      return { prefix: { base, mask }, networkInterface }
    })
    let aheadMs = 0
    this.wallClock = {
      get aheadMs() {
        return aheadMs
      },
      setAhead: (ms) => {
        aheadMs = ms
        sim.trace(`clock ${options.name} ${ms}`)
      },
    }
    this.#pid = this.random.int(2_000, 9_000)
    this.#port = this.random.int(EPHEMERAL.first, EPHEMERAL.last)
    this.#inode = this.random.int(20_000, 400_000)
    if (options.outside === undefined) {
      this.#memory = new MemoryFiles({
        now: () => sim.clock.now() + this.wallClock.aheadMs,
        nextInode: () => this.nextInode(),
        onChange: (verb, path) => sim.trace(`${verb} ${this.name} ${path}`),
      })
      this.files = this.#memory
    } else this.files = options.outside.files
    this.outsideIpc = options.outside?.ipc
    this.#init = new SimProcess(this, { pid: 1, parentPid: 0, user: 'root', command: 'init', args: ['/sbin/init'] })
    this.processes.set(1, this.#init)
    this.world = this.#init.world
  }

  /** Decides which packets a lossy way loses. Few hosts forward. */
  get forwardingDice(): Random {
    return (this.#forwardingDice ??= this.random.stream('forwarding'))
  }

  ownsAddress(address: string): boolean {
    return address === LOOPBACK || this.interfaces.some((i) => i.address === address)
  }

  /** The interface whose network holds an address. */
  interfaceTowards(address: number): NetInterface | undefined {
    return this.#networks.find(({ prefix }) => inPrefix(address, prefix))?.networkInterface
  }

  /** The source address for packets to an address, or undefined when there is no route. */
  sourceFor(address: string): string | undefined {
    if (address.startsWith('127.')) return LOOPBACK
    if (this.ownsAddress(address)) return address
    const value = parseIp(address)
    if (value === undefined) return undefined
    return (this.interfaceTowards(value) ?? this.interfaces.find((i) => i.gateway !== undefined))?.address
  }

  listenerAt(at: Endpoint): SimListener | undefined {
    return this.listeners.find((l) => l.at.port === at.port && (l.at.address === '0.0.0.0' || l.at.address === at.address))
  }

  /** Numbers the processes of one command name, so that a restarted daemon does not roll the dice of the first. */
  countSpawn(command: string): number {
    const count = (this.#spawns.get(command) ?? 0) + 1
    this.#spawns.set(command, count)
    return count
  }

  nextPid(): number {
    return ++this.#pid
  }

  nextInode(): number {
    this.#inode += 1 + (this.#inode % 3)
    return this.#inode
  }

  ephemeralPort(): number {
    this.#port = this.#port >= EPHEMERAL.last ? EPHEMERAL.first : this.#port + 1
    return this.#port
  }

  /** The host's files as a process sees them: once it is gone, nothing it still waits for comes, and nothing it still asks for is done. */
  filesFor(owner: SimProcess): Files {
    const files = this.files
    const { clock } = this.sim
    const guard = <T>(act: () => Promise<T>): Promise<T> => {
      if (!owner.alive) return new Promise<T>(() => {})
      clock.touch()
      if (this.#memory !== undefined) return owner.whileAlive(act())
      const hold = clock.hold()
      return owner.whileAlive(act().finally(() => hold[Symbol.dispose]()))
    }
    return {
      read: (path) => guard(() => files.read(path)),
      write: (path, data, options) => guard(() => files.write(path, data, options)),
      append: (path, data) => guard(() => files.append(path, data)),
      readAt: (path, offset, length) => guard(() => files.readAt(path, offset, length)),
      stat: (path) => guard(() => files.stat(path)),
      list: (path) => guard(() => files.list(path)),
      makeDir: (path) => guard(() => files.makeDir(path)),
      remove: (path) => guard(() => files.remove(path)),
      rename: (from, to) => guard(() => files.rename(from, to)),
      chmod: (path, mode) => guard(() => files.chmod(path, mode)),
      watch: (path, changed) => {
        if (!owner.alive) return { [Symbol.dispose]: () => {} }
        const watcher = files.watch(path, () => {
          clock.touch()
          if (owner.alive) changed()
        })
        const forget = owner.holds({ close: () => watcher[Symbol.dispose]() })
        return {
          [Symbol.dispose]: () => {
            forget()
            watcher[Symbol.dispose]()
          },
        }
      },
    }
  }

  bindUnix(path: string, socket: SimIpcSocket, row: SimUnixSocket): void {
    const inode = this.#sockets().putSocket(path)
    this.#bound.set(inode, socket)
    this.#unixRows.add(row)
  }

  unbindUnix(path: string, socket: SimIpcSocket): void {
    for (const [inode, bound] of this.#bound) if (bound === socket) this.#bound.delete(inode)
    for (const row of this.#unixRows) if (row.owner === socket.owner && row.path === path) this.hideUnix([row])
  }

  /** Who listens behind a socket file, or why a connect fails. */
  unixAt(path: string): SimIpcSocket | 'ENOENT' | 'ECONNREFUSED' {
    const file = this.#sockets().peek(path)
    if (file === undefined) return 'ENOENT'
    return this.#bound.get(file.inode) ?? 'ECONNREFUSED'
  }

  showUnix(rows: readonly SimUnixSocket[]): void {
    for (const row of rows) this.#unixRows.add(row)
  }

  hideUnix(rows: readonly SimUnixSocket[]): void {
    for (const row of rows) {
      this.#unixRows.delete(row)
      row.owner.releaseFd(row.fd)
    }
  }

  /** Shows sockets that live outside this process; returns how to hide them again. */
  showOutside(rows: () => readonly SimUnixSocket[]): () => void {
    this.#outsideRows.add(rows)
    return () => void this.#outsideRows.delete(rows)
  }

  *unixSockets(): Iterable<SimUnixSocket> {
    yield* this.#unixRows
    for (const rows of this.#outsideRows) yield* rows()
  }

  /** Ends every process, as pulling the plug does. */
  powerOff(): void {
    for (const process of [...this.processes.values()].reverse()) process.end({ code: null, signal: 'SIGKILL' })
  }

  #sockets(): MemoryFiles {
    if (this.#memory === undefined) throw errno('ENOTSUP', 'bind', 'in-memory sockets need in-memory files')
    return this.#memory
  }
}

/** A locally administered address made from the IPv4 address, so that it is the same in every run. */
function macOf(address: string): string {
  const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
  return `02:F7:${hex.join(':')}`
}
