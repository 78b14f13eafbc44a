import { existsSync } from 'node:fs'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'
import { stateFolder } from '../state/folder.ts'
import { isLocked } from '../state/lock.ts'
import { readRecord } from '../state/record.ts'
import { print } from './print.ts'

/** A lab that takes longer than this to end hangs. */
const ENDS_WITHIN_MS = 15_000
const LOOK_EVERY_MS = 20

/** `ftdlab down`: ends the lab of this folder and returns when it has ended. */
export async function down(): Promise<number> {
  const folder = stateFolder()
  const record = await readRecord(folder)
  const nothing = new LabError('LAB_NOT_RUNNING', `no lab is running in ${folder.path}`)
  // Without the lock the process of the record is gone, and its number may be somebody else's by now.
  if (record === undefined || !existsSync(folder.lockFile) || !isLocked(folder)) throw nothing
  process.kill(record.pid, 'SIGTERM')
  const giveUpAt = performance.now() + ENDS_WITHIN_MS
  while (isAlive(record.pid)) {
    if (performance.now() > giveUpAt) {
      throw new LabError(
        'LAB_TIMED_OUT',
        `the lab (process ${record.pid}) has not ended within ${ENDS_WITHIN_MS / 1_000} s; ${folder.logFile} may say why`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  print('the lab has ended')
  return 0
}

/** Another process's end cannot be waited for, only looked for. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}
