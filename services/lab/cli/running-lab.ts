import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { RegionId } from '../../../shared/contract/region.ts'
import type { HostInfo } from '../../../shared/scenario/lab.ts'
import { assertFree } from '../doors/listen.ts'
import { planDoors, portsOf } from '../doors/plan.ts'
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
 * Starts the embedded lab in this process: state folder, lab, API and doors. A failed start leaves nothing behind. Throws LAB_ALREADY_RUNNING, LAB_PORT_IN_USE,
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
  const plan = planDoors({ base: options.port, ftds })
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
  const [{ openLog }, { startEmbeddedLab }, { openDoors }, { openApi }] = await Promise.all([
    import('../state/log.ts'),
    import('../embedded.ts'),
    import('../doors/doors.ts'),
    import('../api/server.ts'),
  ])
  const log = started.use(openLog(folder, { fresh: freshLog }))
  const { ftds: count, region, seed, speed } = options
  const lab = started.use(await startEmbeddedLab({ ftds: count, region, seed, speed, folder: folder.path, log, progress }))
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
    summary: { record, hosts, speed, folder: path, caFile, logFile, healthyAfterMs: performance.now() - startedMs },
    endAsked,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
