import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'
import { reasonOf, type StateFolder } from './folder.ts'

const Port = z.number().int().min(1).max(65_535)

/** The loopback ports of a running lab. */
export const Doors = z.strictObject({
  console: Port,
  /** FMC's HTTPS. */
  fmc: Port,
  /** HTTP CONNECT to every lab host by its real name. */
  connect: Port,
  /** SSH by device name. */
  ssh: z.record(z.string(), Port),
})
export type Doors = z.infer<typeof Doors>

const owner = { pid: z.number().int().positive(), startedAt: z.iso.datetime() }

/** What `lab.json` says: whose folder it is and, once the lab is healthy, how to reach it. */
export const LabRecord = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('starting'), ...owner }),
  z.strictObject({
    state: z.literal('running'),
    ...owner,
    /** The console and control API. */
    url: z.url(),
    /** Who has it may change the lab over the control API. */
    token: z.string().min(16),
    doors: Doors,
  }),
])
export type LabRecord = z.infer<typeof LabRecord>
export type RunningRecord = Extract<LabRecord, { state: 'running' }>

/** Reads `lab.json`; undefined when there is none. Throws LAB_STATE_BROKEN that says what is wrong and what to do. */
export async function readRecord(folder: StateFolder): Promise<LabRecord | undefined> {
  let text: string
  try {
    text = await readFile(folder.recordFile, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw broken(folder, reasonOf(error), error)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw broken(folder, 'it is not JSON', error)
  }
  const parsed = LabRecord.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw broken(folder, `${issue!.path.length > 0 ? `${issue!.path.join('.')}: ` : ''}${issue!.message}`, parsed.error)
}

/** Replaces `lab.json`, for the owner's eyes only: it holds the token. */
export async function writeRecord(folder: StateFolder, record: LabRecord): Promise<void> {
  const fresh = `${folder.recordFile}.${process.pid}`
  await writeFile(fresh, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 })
  await chmod(fresh, 0o600)
  await rename(fresh, folder.recordFile)
}

function broken(folder: StateFolder, reason: string, cause: unknown): LabError {
  return new LabError(
    'LAB_STATE_BROKEN',
    `${folder.recordFile} does not say how to reach the lab (${reason}); if no lab is running there, remove the folder ${folder.path}`,
    { cause },
  )
}
