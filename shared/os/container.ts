import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Host } from '../host/host.ts'
import type { Programs } from '../kernel/processes.ts'
import type { World } from '../kernel/world.ts'
import { runOsCommand, type Commands } from './command.ts'
import { runOsProgram } from './main.ts'
import { keepResolver } from './kept-resolver.ts'
import { createOsWorld } from './world.ts'

/** A started product. */
type Running = Pick<Host, 'address' | 'health'> & AsyncDisposable

/** What a container's entry module runs. Where a product has programs, its parts are best loaded when they are
 * called for: a command starts faster without the whole product. */
export interface ContainerEntry<Input> {
  /** `import.meta.url` of the entry module. */
  readonly entry: string
  /** The short name that the system's `ps` shows for the first process. */
  readonly title: string
  /** Every program of the product's table; none unless given. */
  programs?(): Promise<Programs>
  start(world: World, input: Input): Promise<Running>
  /** Whether its administrators choose its DNS servers, which a restart must not undo. */
  readonly keepsResolver?: boolean
  /** Programs of the product that the container's own shells start. */
  readonly commands?: Commands
}

/** A host's configuration file. */
export interface ContainerConfig<Input> {
  readonly host: string
  readonly seed: number | string
  /** Lab seconds a second, and the real time (epoch ms) from which on they count: the same in all containers of a lab. */
  readonly speed: number
  readonly epochMs: number
  /** What the product's `startX` takes. */
  readonly input: Input
}

/** Where a container finds its configuration. */
export const CONFIG_FILE = '/etc/ftdlab/config.json'
/** What the image's health check and the operator read: a `HostHealth` that is looked up anew each second. */
export const HEALTH_FILE = '/run/ftdlab/health.json'
/** Real time, however fast the lab's passes: this is the container's business. */
const LOOK_EVERY_MS = 1_000

/**
 * The whole of a container's entry module. `main.ts [CONFIG]` runs the host until SIGTERM or SIGINT (CONFIG defaults to `FTDLAB_CONFIG`, else
 * /etc/ftdlab/config.json); `main.ts --program PATH` is a process of it; `main.ts --command NAME ARGS…` is a command in a shell of the container.
 */
export async function runContainer<Input>(container: ContainerEntry<Input>): Promise<void> {
  const [mode, name, ...args] = process.argv.slice(2)
  if (mode === '--program') return await runOsProgram((await container.programs?.()) ?? {})
  if (mode === '--command') return await runOsCommand(container.entry, container.commands ?? {}, CONFIG_FILE, name ?? '', args)
  await runHost(container, mode ?? process.env.FTDLAB_CONFIG ?? CONFIG_FILE)
  // A look at its health may still wait for another host, which may have ended before.
  process.exit()
}

async function runHost<Input>(container: ContainerEntry<Input>, configFile: string): Promise<void> {
  process.title = container.title
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
  const { host: name, seed, speed, epochMs, input } = JSON.parse(readFileSync(configFile, 'utf8')) as ContainerConfig<Input>
  const programs = (await container.programs?.()) ?? {}
  await using world = createOsWorld({ host: name, root: '/', seed, speed, epochMs, programs, entry: container.entry, ownsNetwork: true })
  process.on('uncaughtException', (error) => {
    world.log.error('the host crashed', { error: error.stack ?? String(error) })
    process.exit(1)
  })
  using _resolver = container.keepsResolver === true ? keepResolver() : undefined
  await using host = await container.start(world, input)
  world.log.info('the host is up', { address: host.address })
  const stopWatching = new AbortController()
  void reportHealth(world, host, speed, stopWatching.signal)
  await stopped
  stopWatching.abort()
}

/** Writes the host's health down until the signal. A file, since a port or a socket would show among the appliance's own. */
async function reportHealth(world: World, host: Running, speed: number, signal: AbortSignal): Promise<void> {
  mkdirSync(dirname(HEALTH_FILE), { recursive: true })
  let before = ''
  for (;;) {
    const health = await host.health().catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (health === undefined || signal.aborted) return
    const { healthy, waitingFor, processes } = health
    writeFileSync(`${HEALTH_FILE}.new`, `${JSON.stringify({ healthy, waitingFor, processes })}\n`)
    renameSync(`${HEALTH_FILE}.new`, HEALTH_FILE)
    const text = JSON.stringify({ healthy, waitingFor })
    if (text !== before) world.log.info('health', { healthy, waitingFor })
    before = text
    await world.clock.sleep(LOOK_EVERY_MS * speed, signal).catch(() => {}) // Only the signal ends a sleep early.
  }
}
