import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RegionId } from '../../../shared/contract/region.ts'
import type { HostInfo } from '../../../shared/scenario/lab.ts'
import type { Log } from '../../../shared/kernel/log.ts'
import type { ComposeLab } from '../compose/compose-lab.ts'
import { assertFree } from '../doors/listen.ts'
import { planDoors, portsOf } from '../doors/plan.ts'
import type { OperatedLab } from '../operated-lab.ts'
import { clearStateFolder, makeStateFolder, type StateFolder } from '../state/folder.ts'
import { takeLock } from '../state/lock.ts'
import { readRecord, writeRecord, type RunningRecord } from '../state/record.ts'

/** What `ftdlab up` was told. */
export interface UpOptions {
  readonly ftds: number
  readonly region: RegionId
  readonly seed: number
  readonly speed: number
  /** The first port; the fixed defaults without it. */
  readonly port?: number | undefined
  /** The address that the doors are opened on; loopback without it. */
  readonly bind?: string | undefined
  /** In containers instead of this process. */
  readonly compose?: boolean | undefined
}

/** What there is to say of a lab that has come up. */
export interface Summary {
  readonly record: RunningRecord
  readonly hosts: readonly HostInfo[]
  readonly speed: number
  readonly folder: string
  readonly caFile: string
  readonly logFile: string
  readonly healthyAfterMs: number
  /** The Compose project of a lab of containers. */
  readonly project: string | undefined
}

/** A lab of this process, with its doors open. Disposing it ends everything and leaves the state folder as one without a lab. */
export interface RunningLab extends AsyncDisposable {
  readonly summary: Summary
  /** Settles when somebody asks over the API to end the lab. */
  readonly endAsked: Promise<void>
}

export interface RunContext {
  readonly progress: (line: string) => void
  /** Aborted when the user does not want the lab any more; a start then ends in good order and throws its reason. */
  readonly signal: AbortSignal
  /** Whether the log begins anew; the background process has it open for its own output. */
  readonly freshLog: boolean
}

/**
 * Starts a lab that this process runs, or whose containers it looks after: state folder, lab, API and doors. A failed start leaves nothing behind. Throws LAB_ALREADY_RUNNING, LAB_PORT_IN_USE,
 * LAB_STATE_BROKEN, LAB_BAD_INPUT, LAB_TIMED_OUT.
 */
export async function startRunningLab(
  folder: StateFolder,
  options: UpOptions,
  { progress, signal, freshLog }: RunContext,
): Promise<RunningLab> {
  const startedMs = performance.now()
  const startedAt = new Date().toISOString()
  const ftds = Array.from({ length: options.ftds }, (_, index) => `ftd${index + 1}`)
  const plan = planDoors({ base: options.port, ftds, address: options.bind })
  await using started = new AsyncDisposableStack()

  await makeStateFolder(folder)
  started.use(await takeLock(folder))
  const earlier = await readRecord(folder)
  if (earlier !== undefined) progress(`the lab of process ${earlier.pid} did not end cleanly; clearing up what it left`)
  await clearStateFolder(folder)
  started.defer(() => clearStateFolder(folder))
  await writeRecord(folder, { state: 'starting', pid: process.pid, startedAt })
  await assertFree(portsOf(plan))

  // Only what has come so far is worth the time to load the products.
  const [startLab, { openLog }, { openDoors }, { openApi }] = await Promise.all([
    starterOf(options),
    import('../state/log.ts'),
    import('../doors/doors.ts'),
    import('../api/server.ts'),
  ])
  const log = started.use(openLog(folder, { fresh: freshLog }))
  const lab = started.use(await startLab({ folder, log, progress, signal }))
  signal.throwIfAborted()
  await writeFile(folder.caFile, lab.caPem)

  const doors = started.use(await openDoors(lab, plan, { sshKeys: folder.sshKeys, log }))
  const token = randomBytes(24).toString('base64url')
  const { promise: endAsked, resolve: end } = Promise.withResolvers<void>()
  const { connect, fmc, ssh } = doors
  const api = started.use(await openApi({ lab, token, log, doors: { connect, fmc, ssh }, end }, plan.console))
  signal.throwIfAborted()

  const record: RunningRecord = {
    state: 'running',
    pid: process.pid,
    startedAt,
    url: `http://127.0.0.1:${api.port}`,
    token,
    doors: { console: api.port, connect, fmc, ssh: { ...ssh } },
  }
  await writeRecord(folder, record)
  const hosts = (await lab.hosts()).map(({ name, kind, address }) => ({ name, kind, address }))
  const { path, caFile, logFile } = folder
  const running = started.move()
  return {
    summary: {
      record,
      hosts,
      speed: options.speed,
      folder: path,
      caFile,
      logFile,
      healthyAfterMs: performance.now() - startedMs,
      project: 'project' in lab ? lab.project : undefined,
    },
    endAsked,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

type StartContext = Pick<RunContext, 'progress' | 'signal'> & { readonly folder: StateFolder; readonly log: Log }

/** Loads what such a lab is made of. */
async function starterOf({
  ftds,
  region,
  seed,
  speed,
  compose,
}: UpOptions): Promise<(context: StartContext) => Promise<OperatedLab | ComposeLab>> {
  if (compose !== true) {
    const { startEmbeddedLab } = await import('../embedded.ts')
    return ({ folder, log, progress }) => startEmbeddedLab({ ftds, region, seed, speed, folder: folder.path, log, progress })
  }
  const { startComposeLab } = await import('../compose/compose-lab.ts')
  return ({ folder, progress, signal }) => {
    progress('starting the containers')
    return startComposeLab({ ftds, region, seed, speed, logFolder: join(folder.path, 'containers'), progress, signal })
  }
}
