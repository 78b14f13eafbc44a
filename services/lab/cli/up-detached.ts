import { fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { LabError, type LabErrorCode } from '../../../shared/kernel/errors.ts'
import { makeStateFolder, stateFolder } from '../state/folder.ts'
import { isLocked, takeLock } from '../state/lock.ts'
import type { FromBackground } from './background.ts'
import { paint, print } from './print.ts'
import type { Summary, UpOptions } from './running-lab.ts'
import { exitCodeOf, onEndingSignal, type EndingSignal } from './signals.ts'
import { welcome } from './welcome.ts'

/** `ftdlab up --detach`: starts the lab in a process of its own and returns when it is healthy, or fails with its reason. */
export async function upDetached(options: UpOptions): Promise<number> {
  const folder = stateFolder()
  await makeStateFolder(folder)
  // The log of a lab that runs must not be cut off by one that cannot start.
  if (isLocked(folder)) await takeLock(folder)
  const log = openSync(folder.logFile, 'w', 0o600)
  const child = fork(join(import.meta.dirname, 'background.ts'), [JSON.stringify(options)], {
    detached: true,
    // The entry's cache of compiled code is for its own process only, unless the environment says otherwise.
    env: { ...process.env, NODE_COMPILE_CACHE: module.getCompileCacheDir() },
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)
  let signalled: EndingSignal | undefined
  using _ = onEndingSignal((signal) => {
    signalled ??= signal
    child.kill('SIGTERM')
  })
  const summary = await new Promise<Summary | undefined>((resolve, reject) => {
    child.on('message', (message: FromBackground) => {
      if (message.kind === 'progress') print(paint.dim(message.line))
      else if (message.kind === 'ready') resolve(message.summary)
      else reject(message.code === undefined ? new Error(message.message) : new LabError(message.code as LabErrorCode, message.message))
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      const ended = () => {
        if (signalled !== undefined) resolve(undefined)
        else
          reject(
            new LabError(
              'LAB_NOT_RUNNING',
              `the lab ended while it started (${signal ?? `exit code ${code}`}); ${folder.logFile} says more`,
            ),
          )
      }
      // What it said last may still be on its way.
      if (child.connected) child.once('disconnect', ended)
      else ended()
    })
  })
  if (summary === undefined) return exitCodeOf(signalled!)
  child.disconnect()
  child.unref()
  welcome(summary)
  print()
  print('`ftdlab down` ends the lab')
  return 0
}
