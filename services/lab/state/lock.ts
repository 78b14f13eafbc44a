import { DatabaseSync } from 'node:sqlite'
import { LabError } from '../../../shared/kernel/errors.ts'
import { reasonOf, type StateFolder } from './folder.ts'
import { readRecord } from './record.ts'

/**
 * Takes the folder for this process until disposed. The lock is the operating system's on SQLite's empty database, so it ends with its process however
 * that ends: there are no stale ones. Throws LAB_ALREADY_RUNNING that names the lab which has it.
 */
export async function takeLock(folder: StateFolder): Promise<Disposable> {
  const taken = tryLock(folder)
  if (taken !== undefined) return taken
  const record = await readRecord(folder)
  const who =
    record === undefined
      ? 'a lab'
      : record.state === 'running'
        ? `a lab (process ${record.pid}, ${record.url})`
        : `a lab (process ${record.pid})`
  throw new LabError(
    'LAB_ALREADY_RUNNING',
    `${who} is already ${record?.state ?? 'starting'} in ${folder.path}; end it with \`ftdlab down\`, or name another folder with FTDLAB_HOME`,
  )
}

/** Whether a living process has the folder. */
export function isLocked(folder: StateFolder): boolean {
  const taken = tryLock(folder)
  taken?.[Symbol.dispose]()
  return taken === undefined
}

function tryLock(folder: StateFolder): Disposable | undefined {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(folder.lockFile)
    database.exec('BEGIN EXCLUSIVE')
    const held = database
    return { [Symbol.dispose]: () => held.close() }
  } catch (error) {
    database?.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined
    throw new LabError(
      'LAB_STATE_BROKEN',
      `${folder.lockFile} cannot be locked (${reasonOf(error)}); if no lab is running there, remove the folder ${folder.path}`,
      {
        cause: error,
      },
    )
  }
}

const SQLITE_BUSY = 5
