import type { ProcessStatus } from './host.ts'
import type { World } from '../kernel/world.ts'
import { oneOf } from '../kernel/errors.ts'
import { serveCalls } from './local-call.ts'
import { type ControlAnswer, ControlRequest, controlPath, type DaemonStatus } from './supervisor-control.ts'
import { removeIfThere } from './optional-files.ts'
import { type Daemon, superviseDaemon, type SupervisedDaemon } from './supervisor-daemon.ts'

export type { Daemon } from './supervisor-daemon.ts'

/** How long a device is away when it restarts. (invented) */
const REBOOT_MS = 40_000
/** Between the order to reboot and the first daemon's end, so that whoever gave it gets its answer. (invented) */
const REBOOT_NOTICE_MS = 1_000

/** The process manager `pm` of an appliance. */
export interface Supervisor extends AsyncDisposable {
  /** Every daemon, in the order of declaration. */
  status(): readonly ProcessStatus[]
  /** Creates the daemon's enable file and starts it. Rejects when there is no such daemon. */
  enable(name: string): Promise<void>
  /** Removes the enable file and stops the daemon: it stays off, also after a reboot. Resolves when it has ended. */
  disable(name: string): Promise<void>
  /** Stops the daemon and starts it again, unless it is disabled. */
  restart(name: string): Promise<void>
  restartType(type: Daemon['type']): Promise<void>
  /** Stops everything, lets the time of a boot pass, clears the run folder and starts what is enabled. Resolves when that is under way. */
  reboot(): Promise<void>
}

/**
 * Starts the daemons that have an enable file (`<prefix>/etc/sf/NAME.run`), each as soon as those it requires are ready, and keeps them running: a daemon that ends by
 * itself is started again, after 1 s at first and up to 60 s in a crash loop. Answers `pmtool` and `reboot` at `controlPath(prefix)`. Disposing stops all daemons.
 * (pmtool's view: public P36, P07; restart delays invented)
 */
export async function startSupervisor(
  world: World,
  daemons: readonly Daemon[],
  options: { readonly prefix?: string } = {},
): Promise<Supervisor> {
  const prefix = options.prefix ?? '/ngfw'
  const runFolder = `${prefix}/var/sf/run`
  const waiting = new Set<() => void>()
  const ending = new AbortController()
  let control: AsyncDisposable | undefined
  let operations: Promise<unknown> = Promise.resolve()

  const all = new Map<string, SupervisedDaemon>(
    daemons.map((daemon) => [
      daemon.name,
      superviseDaemon(world, daemon, {
        prefix,
        mayStart: ({ requires }) => requires.every((name) => !find(name).wanted || find(name).isReady),
        changed: () => {
          for (const wake of waiting) wake()
        },
        nextChange,
      }),
    ]),
  )

  function find(name: string): SupervisedDaemon {
    const found = all.get(name)
    if (found === undefined) throw new UnknownDaemon(name, all.keys())
    return found
  }

  function nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const done = () => {
        waiting.delete(wake)
        signal.removeEventListener('abort', abort)
      }
      const wake = () => {
        done()
        resolve()
      }
      const abort = () => {
        done()
        reject(signal.reason as Error)
      }
      waiting.add(wake)
      signal.addEventListener('abort', abort)
    })
  }

  /** One order after the other: two orders for one daemon must not cross. */
  function inTurn<T>(order: () => Promise<T>): Promise<T> {
    const done = operations.then(order)
    operations = done.catch(() => {})
    return done
  }

  async function startAll(): Promise<void> {
    await world.files.makeDir(runFolder)
    control = await serveCalls(world, controlPath(prefix), answer)
    for (const supervised of all.values()) await supervised.plan()
    for (const supervised of all.values()) await supervised.start()
  }

  async function stopAll(): Promise<void> {
    await control?.[Symbol.asyncDispose]()
    control = undefined
    await Promise.all([...all.values()].map((supervised) => supervised.stop()))
  }

  const supervisor: Supervisor = {
    status: () =>
      [...all.values()].map(({ daemon, state, pid }) =>
        pid === undefined ? { name: daemon.name, state } : { name: daemon.name, state, pid },
      ),
    enable: async (name) => {
      const supervised = find(name)
      await inTurn(async () => {
        await world.files.write(supervised.enableFile, '')
        await supervised.start()
      })
    },
    disable: async (name) => {
      const supervised = find(name)
      await inTurn(async () => {
        await removeIfThere(world.files, supervised.enableFile)
        await supervised.stop()
      })
    },
    restart: async (name) => {
      const supervised = find(name)
      await inTurn(() => restartNow(supervised))
    },
    restartType: async (type) => {
      await inTurn(() => Promise.all([...all.values()].filter(({ daemon }) => daemon.type === type).map(restartNow)))
    },
    reboot: () =>
      inTurn(async () => {
        await stopAll()
        await world.clock.sleep(REBOOT_MS, ending.signal)
        await removeIfThere(world.files, runFolder)
        await startAll()
      }),
    async [Symbol.asyncDispose]() {
      ending.abort(new Error('the supervisor ends'))
      await inTurn(stopAll)
    },
  }

  async function answer(request: unknown): Promise<ControlAnswer> {
    try {
      await obey(supervisor, ControlRequest.parse(request), (later) => {
        world.clock.after(REBOOT_NOTICE_MS, () => {
          later().catch((error: unknown) => {
            if (!ending.signal.aborted) world.log.error('reboot failed', { error: String(error) })
          })
        })
      })
    } catch (error) {
      if (error instanceof UnknownDaemon) return { status: 1, text: error.message, daemons: [] }
      throw error
    }
    return { status: 0, text: '', daemons: [...all.values()].map((supervised) => statusOf(supervised, all.values())) }
  }

  for (const { requires } of daemons) for (const name of requires) find(name)
  await startAll()
  return supervisor
}

async function restartNow(supervised: SupervisedDaemon): Promise<void> {
  await supervised.stop()
  await supervised.start()
}

/** Creates the enable files of an appliance that starts for the first time. */
export async function enableDaemons(world: World, daemons: readonly Daemon[], options: { readonly prefix?: string } = {}): Promise<void> {
  for (const { name } of daemons) await world.files.write(`${options.prefix ?? '/ngfw'}/etc/sf/${name}.run`, '')
}

async function obey(supervisor: Supervisor, request: ControlRequest, afterwards: (order: () => Promise<void>) => void): Promise<void> {
  switch (request.kind) {
    case 'status':
      return
    case 'enable':
      return supervisor.enable(request.id)
    case 'disable':
      return supervisor.disable(request.id)
    case 'restart':
      return supervisor.restart(request.id)
    case 'restart-type':
      if (request.type !== 'normal' && request.type !== 'system') throw new UnknownDaemon(request.type, ['normal', 'system'])
      return supervisor.restartType(request.type)
    case 'reboot':
      afterwards(() => supervisor.reboot())
  }
}

function statusOf(supervised: SupervisedDaemon, all: Iterable<SupervisedDaemon>): DaemonStatus {
  const { daemon, state, pid, nextStartMs, pidFile, enableFile, stopTimeoutMs } = supervised
  return {
    name: daemon.name,
    type: daemon.type,
    state,
    ...(pid === undefined ? {} : { pid }),
    command: daemon.program,
    environment: { ...daemon.environment },
    pidFile,
    enableFile,
    stopTimeoutMs,
    ...(nextStartMs === undefined ? {} : { nextStartMs }),
    requires: [...daemon.requires],
    requiredBy: [...all].filter((other) => other.daemon.requires.includes(daemon.name)).map((other) => other.daemon.name),
  }
}

/** An id or a type that does not exist. */
class UnknownDaemon extends Error {
  constructor(name: string, known: Iterable<string>) {
    super(`unknown id '${name}', known ids: ${oneOf(known)}`)
    this.name = 'UnknownDaemon'
  }
}
