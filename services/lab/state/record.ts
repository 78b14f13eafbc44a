import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'
import { reasonOf, type StateFolder } from './folder.ts'

/** The loopback ports of a running lab. */
export interface Doors {
  readonly console: number
  /** FMC's HTTPS. */
  readonly fmc: number
  /** HTTP CONNECT to every lab host by its real name. */
  readonly connect: number
  /** SSH by device name. */
  readonly ssh: Readonly<Record<string, number>>
}

interface Owner {
  readonly pid: number
  /** Real time, ISO 8601. */
  readonly startedAt: string
}

export interface StartingRecord extends Owner {
  readonly state: 'starting'
}

export interface RunningRecord extends Owner {
  readonly state: 'running'
  /** The console and control API. */
  readonly url: string
  /** Who has it may change the lab over the control API. */
  readonly token: string
  readonly doors: Doors
}

/** What `lab.json` says: whose folder it is and, once the lab is healthy, how to reach it. */
export type LabRecord = StartingRecord | RunningRecord

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
  const problem = problemOf(value)
  if (problem !== undefined) throw broken(folder, problem)
  return value as LabRecord
}

/** Replaces `lab.json`, for the owner's eyes only: it holds the token. */
export async function writeRecord(folder: StateFolder, record: LabRecord): Promise<void> {
  const fresh = `${folder.recordFile}.${process.pid}`
  await writeFile(fresh, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 })
  await chmod(fresh, 0o600)
  await rename(fresh, folder.recordFile)
}

/** What is wrong with a record, or undefined. By hand, for every command reads it first and loading zod would take longer than the command. */
function problemOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is no object'
  const { state, pid, startedAt, url, token, doors } = value
  if (state !== 'starting' && state !== 'running') return 'state is neither "starting" nor "running"'
  if (!(Number.isInteger(pid) && (pid as number) > 0)) return 'pid is no process number'
  if (typeof startedAt !== 'string' || Number.isNaN(Date.parse(startedAt))) return 'startedAt is no time'
  if (state === 'starting') return undefined
  if (typeof url !== 'string' || !/^http:\/\/127\.0\.0\.1:\d+$/.test(url)) return 'url is no address of this machine'
  if (typeof token !== 'string' || token === '') return 'token is missing'
  if (!isObject(doors)) return 'doors is no object'
  for (const door of ['console', 'fmc', 'connect']) if (!isPort(doors[door])) return `doors.${door} is no port`
  if (!isObject(doors['ssh']) || !Object.values(doors['ssh']).every(isPort)) return 'doors.ssh has something else than ports'
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
}

function broken(folder: StateFolder, reason: string, cause?: unknown): LabError {
  return new LabError(
    'LAB_STATE_BROKEN',
    `${folder.recordFile} does not say how to reach the lab (${reason}); if no lab is running there, remove the folder ${folder.path}`,
    { cause },
  )
}
