import { mkdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'

/** Where a lab keeps what outlives a command, and what is in it. */
export interface StateFolder {
  readonly path: string
  /** How to reach the running lab: a `LabRecord`. */
  readonly recordFile: string
  /** Held open by the running lab (see `takeLock`). */
  readonly lockFile: string
  /** The certificates that clients must trust. */
  readonly caFile: string
  /** What our code did, as JSON lines; of the last lab. */
  readonly logFile: string
  /** The devices' SSH host keys; they outlive the lab, so that SSH clients do not complain at the next start. */
  readonly sshKeys: string
}

/** What a lab makes anew at every start and takes away at its end. */
const OF_ONE_LAB = ['hosts', 'sse.sqlite', 'sse.sqlite-wal', 'sse.sqlite-shm', 'ca.pem', 'lab.json']

/** The state folder: `FTDLAB_HOME`, or `.ftdlab` in the current folder. Nothing is read or made. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env, currentFolder: string = process.cwd()): StateFolder {
  const path = env['FTDLAB_HOME'] ? resolve(currentFolder, env['FTDLAB_HOME']) : join(currentFolder, '.ftdlab')
  return {
    path,
    recordFile: join(path, 'lab.json'),
    lockFile: join(path, 'lock'),
    caFile: join(path, 'ca.pem'),
    logFile: join(path, 'lab.log'),
    sshKeys: join(path, 'ssh'),
  }
}

/** Makes the folder, readable by its owner alone. Throws LAB_STATE_BROKEN when there is something else in its place, or no right to it. */
export async function makeStateFolder(folder: StateFolder): Promise<void> {
  try {
    await mkdir(folder.path, { recursive: true, mode: 0o700 })
    if (!(await stat(folder.path)).isDirectory()) throw new Error('it is not a folder')
  } catch (error) {
    throw new LabError(
      'LAB_STATE_BROKEN',
      `${folder.path} cannot be the lab's state folder (${reasonOf(error)}); remove it, or name another folder with FTDLAB_HOME`,
      { cause: error },
    )
  }
}

/** Removes what belongs to one lab only; the log and the SSH keys stay. Only for the holder of the lock. */
export async function clearStateFolder(folder: StateFolder): Promise<void> {
  for (const name of OF_ONE_LAB) {
    try {
      await rm(join(folder.path, name), { recursive: true, force: true })
    } catch (error) {
      throw new LabError(
        'LAB_STATE_BROKEN',
        `${join(folder.path, name)} of an earlier lab cannot be removed (${reasonOf(error)}); remove it`,
        { cause: error },
      )
    }
  }
}

/** Why the file system refused, in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  const words: Readonly<Record<string, string>> = {
    EEXIST: 'it is a file',
    ENOTDIR: 'a part of its path is a file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
  }
  return (code !== undefined && words[code]) || (error as Error).message
}
