import { PassThrough, type Readable } from 'node:stream'
import { errno } from '../kernel/errors.ts'
import type { Child, Exit, Invocation, Output, Processes, ProcessRow, Program, Signal, SpawnOptions } from '../kernel/processes.ts'
import type { Random } from '../kernel/random.ts'
import type { World } from '../kernel/world.ts'
import { clockView } from './clock.ts'
import type { SimConn } from './conn.ts'
import type { SimHost } from './host.ts'
import { ipcView } from './ipc.ts'
import { outsideIpcView } from './ipc-outside.ts'
import { netView } from './net.ts'

const NOWHERE: Output = { write: () => {} }

/**
 * A process of a simulated host: a task of this event loop with a pid, and everything it holds open. When it ends, its timers, connections,
 * listeners and sockets end with it, and whatever its code still waits for never comes.
 */
export class SimProcess {
  readonly host: SimHost
  readonly pid: number
  readonly parentPid: number
  readonly user: string
  readonly command: string
  readonly args: readonly string[]
  /** Lab time. */
  readonly startedMs: number
  readonly world: World
  readonly exited: Promise<Exit>
  alive = true
  readonly #stop = new AbortController()
  readonly #resolveExit: (exit: Exit) => void
  readonly #resources = new Set<{ close(): void }>()
  readonly #conns = new Set<SimConn>()
  readonly #fds = new Set<number>()
  /** No lower number is free. */
  #lowestFd = 3

  constructor(host: SimHost, options: { pid: number; parentPid: number; user: string; command: string; args: readonly string[] }) {
    this.host = host
    this.pid = options.pid
    this.parentPid = options.parentPid
    this.user = options.user
    this.command = options.command
    this.args = options.args
    this.startedMs = host.sim.clock.now()
    const { promise, resolve } = Promise.withResolvers<Exit>()
    this.exited = promise
    this.#resolveExit = resolve
    const stream = `process/${options.command}#${host.countSpawn(options.command)}`
    let random: Random | undefined
    this.world = {
      host: host.name,
      clock: clockView(host.sim.clock, host.wallClock, this),
      // Few programs roll dice.
      get random() {
        return (random ??= host.random.stream(stream))
      },
      net: netView(host, this),
      ipc: host.outsideIpc === undefined ? ipcView(host, this) : outsideIpcView(host, this, host.outsideIpc),
      files: host.filesFor(this),
      log: host.log.child({ process: options.command, pid: options.pid }),
      processes: processesView(host, this),
    }
  }

  /** Aborted when the process is told to end in good order. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal
  }

  /** Runs a program to its end. */
  async run(program: Program, invocation: Invocation): Promise<void> {
    try {
      const code = await program(this.world, invocation)
      this.end({ code, signal: null })
    } catch (error) {
      if (!this.alive) return
      const stopped = this.#stop.signal.aborted
      if (!stopped)
        this.host.log.error('process crashed', { process: this.command, pid: this.pid, error: (error as Error).stack ?? String(error) })
      this.end(stopped ? { code: null, signal: this.#stop.signal.reason as Signal } : { code: 1, signal: null })
    }
  }

  kill(signal: Signal): void {
    this.host.sim.clock.touch()
    if (signal === 'SIGKILL') this.end({ code: null, signal })
    else this.#stop.abort(signal)
  }

  /** Ends the process and closes what it held. */
  end(exit: Exit): void {
    if (!this.alive) return
    this.alive = false
    this.host.sim.trace(`exit ${this.host.name} ${this.command} ${exit.code ?? exit.signal}`)
    this.host.processes.delete(this.pid)
    for (const resource of this.#resources) resource.close()
    this.#resources.clear()
    for (const conn of [...this.#conns]) conn.destroy()
    this.#conns.clear()
    this.#resolveExit(exit)
  }

  /** Registers something to close when the process ends; returns how to forget it. */
  holds(resource: { close(): void }): () => void {
    this.#resources.add(resource)
    return () => void this.#resources.delete(resource)
  }

  holdConn(conn: SimConn): void {
    this.#conns.add(conn)
  }

  dropConn(conn: SimConn): void {
    this.#conns.delete(conn)
    this.releaseFd(conn.fd)
  }

  conns(): ReadonlySet<SimConn> {
    return this.#conns
  }

  /** The lowest free number, as a kernel gives. */
  takeFd(): number {
    while (this.#fds.has(this.#lowestFd)) this.#lowestFd++
    this.#fds.add(this.#lowestFd)
    return this.#lowestFd++
  }

  releaseFd(fd: number): void {
    if (this.#fds.delete(fd) && fd < this.#lowestFd) this.#lowestFd = fd
  }

  /** A promise of a process that may be gone before it settles: then it stays pending, and the code that waits for it simply never goes on. */
  whileAlive<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => {
          if (this.alive) resolve(value)
        },
        (error: unknown) => {
          if (this.alive) reject(error)
        },
      )
    })
  }
}

export function row(process: SimProcess): ProcessRow {
  const { pid, parentPid, user, command, args, host } = process
  // A kernel counts from the start of the machine, so that a clock that is set moves the starts, too.
  return { pid, parentPid, user, command, args, startedMs: process.startedMs + host.wallClock.aheadMs }
}

function processesView(host: SimHost, self: SimProcess): Processes {
  return {
    pid: self.pid,
    list: async () => [...host.processes.values()].map(row),
    kill: async (pid, signal) => {
      const target = host.processes.get(pid)
      if (target === undefined) throw errno('ESRCH', 'kill', String(pid))
      target.kill(signal)
    },
    spawn: async (path, options = {}) => {
      if (!self.alive) return new Promise<Child>(() => {})
      return spawn(host, self.pid, path, options)
    },
  }
}

/** Starts a program on a host. Throws ENOENT when the host has none at this path. */
export function spawn(host: SimHost, parentPid: number, path: string, options: SpawnOptions): Child {
  const program = host.programs[path]
  if (program === undefined) throw errno('ENOENT', 'spawn', path)
  const command = options.title ?? path.slice(path.lastIndexOf('/') + 1)
  const argv = [path, ...(options.args ?? [])]
  const child = new SimProcess(host, { pid: host.nextPid(), parentPid, user: options.user ?? 'root', command, args: argv })
  host.processes.set(child.pid, child)
  host.sim.trace(`spawn ${host.name} ${argv.join(' ')}`)
  let { stdin } = options
  void child.run(program, {
    argv,
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    // Few programs read.
    get stdin() {
      return (stdin ??= emptyInput())
    },
    stdout: guarded(child, options.stdout ?? NOWHERE),
    stderr: guarded(child, options.stderr ?? NOWHERE),
    signal: child.stopSignal,
  })
  return { pid: child.pid, exited: child.exited, kill: (signal) => child.kill(signal) }
}

/** A dead process prints nothing more. */
function guarded(owner: SimProcess, output: Output): Output {
  if (output === NOWHERE) return output
  return {
    write: (text) => {
      owner.host.sim.clock.touch()
      if (owner.alive) output.write(text)
    },
  }
}

function emptyInput(): Readable {
  return new PassThrough().end()
}
