import type { ProcessState } from './host.ts'
import type { Child } from '../kernel/processes.ts'
import type { World } from '../kernel/world.ts'
import { exists, removeIfThere } from './optional-files.ts'

/** A daemon as an appliance declares it to its supervisor. */
export interface Daemon {
  /** As `pmtool` names it, e.g. `SSEConnector`. */
  readonly name: string
  readonly type: 'normal' | 'system'
  /** Absolute path of its program. */
  readonly program: string
  /** The short name that `ps`, `netstat` and `lsof` show. */
  readonly title: string
  readonly user: string
  /** Names of the daemons that must be ready before this one starts; those that a user has disabled are not waited for. */
  readonly requires: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** How long it may take to end after SIGTERM before SIGKILL ends it; one minute unless given. */
  readonly stopTimeoutMs?: number
  /** Resolves when a daemon that was just started does its work; at once unless given. Called in the supervisor's World; abandoned by the signal. */
  ready?(world: World, signal: AbortSignal): Promise<void>
}

/** The first restart of a crashed daemon comes after this time, each further one after twice the time before, up to the limit. (invented) */
const RESTART_DELAY_MS = { first: 1_000, limit: 60_000 } as const
/** A daemon that ran for so long is not in a crash loop: its next restart comes after the first delay again. (invented) */
const STABLE_MS = 60_000
const STOP_TIMEOUT_MS = 60_000

/** One daemon under supervision. */
export interface SupervisedDaemon {
  readonly daemon: Daemon
  readonly pidFile: string
  readonly enableFile: string
  readonly stopTimeoutMs: number
  readonly state: ProcessState
  readonly pid: number | undefined
  readonly nextStartMs: number | undefined
  /** Whether it is meant to run. */
  readonly wanted: boolean
  /** Whether it runs and does its work. */
  readonly isReady: boolean
  /** Looks whether its enable file is there, and with it whether it is meant to run. To be done for all daemons before the first one starts. */
  plan(): Promise<void>
  /** Starts it when its enable file is there; else it is `User Disabled`. Resolves when it was started or waits for what it requires. */
  start(): Promise<void>
  /** Stops it and does not start it again. Resolves when it has ended. */
  stop(): Promise<void>
}

export interface Surroundings {
  readonly prefix: string
  /** Whether everything that the daemon requires is ready. */
  mayStart(daemon: Daemon): boolean
  /** Tells everybody who waits that a daemon changed. */
  changed(): void
  /** Resolves at the next change of any daemon. Rejects with the signal's reason. */
  nextChange(signal: AbortSignal): Promise<void>
}

/** Puts a daemon under supervision; it does not run yet. */
export function superviseDaemon(world: World, daemon: Daemon, surroundings: Surroundings): SupervisedDaemon {
  const pidFile = `${surroundings.prefix}/var/sf/run/${daemon.name}.pid`
  const enableFile = `${surroundings.prefix}/etc/sf/${daemon.name}.run`
  const stopTimeoutMs = daemon.stopTimeoutMs ?? STOP_TIMEOUT_MS
  let state: ProcessState = 'Down'
  let pid: number | undefined
  let nextStartMs: number | undefined
  let isReady = false
  let wanted = false
  let run: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined

  function become(next: ProcessState, nextPid?: number): void {
    state = next
    pid = nextPid
    isReady = false
    surroundings.changed()
  }

  /** Runs it once. Resolves when it has ended, also when it could not be started. */
  async function runOnce(stop: AbortSignal): Promise<void> {
    nextStartMs = world.clock.now()
    let child: Child
    try {
      child = await world.processes.spawn(daemon.program, { title: daemon.title, user: daemon.user, env: daemon.environment ?? {} })
    } catch (error) {
      world.log.error('daemon could not be started', { daemon: daemon.name, error: String(error) })
      return
    }
    become('Running', child.pid)
    const gone = new AbortController()
    void becomeReady(gone.signal)
    const terminate = () => terminateChild(child, gone.signal)
    stop.addEventListener('abort', terminate, { once: true })
    if (stop.aborted) terminate()
    await writePid(child.pid)
    const exit = await child.exited
    gone.abort(new Error('the daemon ended'))
    stop.removeEventListener('abort', terminate)
    if (!stop.aborted) world.log.warn('daemon ended by itself', { daemon: daemon.name, ...exit })
    await removeIfThere(world.files, pidFile)
  }

  async function becomeReady(gone: AbortSignal): Promise<void> {
    try {
      await daemon.ready?.(world, gone)
    } catch (error) {
      if (!gone.aborted) world.log.error('cannot tell whether a daemon is ready', { daemon: daemon.name, error: String(error) })
      return
    }
    if (gone.aborted) return
    isReady = true
    surroundings.changed()
  }

  function terminateChild(child: Child, gone: AbortSignal): void {
    child.kill('SIGTERM')
    const timer = world.clock.after(stopTimeoutMs, () => child.kill('SIGKILL'))
    gone.addEventListener('abort', () => timer[Symbol.dispose](), { once: true })
  }

  async function writePid(childPid: number): Promise<void> {
    try {
      await world.files.write(pidFile, `${childPid}\n`)
    } catch (error) {
      // A full disk must not keep a daemon from running.
      world.log.warn('no pid file', { daemon: daemon.name, error: String(error) })
    }
  }

  async function keepRunning(stop: AbortSignal): Promise<void> {
    let delayMs: number = RESTART_DELAY_MS.first
    for (;;) {
      if (!surroundings.mayStart(daemon)) become('Waiting')
      while (!surroundings.mayStart(daemon)) await surroundings.nextChange(stop)
      const startedMs = world.clock.uptimeMs()
      await runOnce(stop)
      become('Down')
      stop.throwIfAborted()
      if (world.clock.uptimeMs() - startedMs >= STABLE_MS) delayMs = RESTART_DELAY_MS.first
      nextStartMs = world.clock.now() + delayMs
      await world.clock.sleep(delayMs, stop)
      delayMs = Math.min(2 * delayMs, RESTART_DELAY_MS.limit)
    }
  }

  async function plan(): Promise<void> {
    wanted = await exists(world.files, enableFile)
    become(wanted ? 'Down' : 'User Disabled')
  }

  return {
    daemon,
    pidFile,
    enableFile,
    stopTimeoutMs,
    get state() {
      return state
    },
    get pid() {
      return pid
    },
    get nextStartMs() {
      return nextStartMs
    },
    get wanted() {
      return wanted
    },
    get isReady() {
      return isReady
    },
    plan,
    async start() {
      if (run !== undefined) return
      await plan()
      if (!wanted) return
      const stop = new AbortController()
      const ended = keepRunning(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) world.log.error('supervision of a daemon failed', { daemon: daemon.name, error: String(error) })
      })
      run = { stop, ended }
    },
    async stop() {
      const stopping = run
      if (stopping !== undefined) {
        stopping.stop.abort(new Error(`${daemon.name} is to stop`))
        await stopping.ended
        run = undefined
      }
      await plan()
    },
  }
}
