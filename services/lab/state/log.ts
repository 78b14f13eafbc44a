import { closeSync, openSync, writeSync } from 'node:fs'
import type { Log } from '../../../shared/kernel/log.ts'
import { osClock } from '../../../shared/os/clock.ts'
import { jsonLog } from '../../../shared/os/log.ts'
import type { StateFolder } from './folder.ts'

/** Opens the log of a new lab, with real time: what our code did is not lab time's business. It replaces the earlier lab's when `fresh`. */
export function openLog(folder: StateFolder, options: { readonly fresh: boolean }): Log & Disposable {
  const file = openSync(folder.logFile, options.fresh ? 'w' : 'a', 0o600)
  let open = true
  const sink = { write: (line: string) => void (open && writeSync(file, line)) }
  const log = jsonLog(sink, osClock({ speed: 1, epochMs: Date.now() }), {})
  return Object.assign(log, {
    [Symbol.dispose]: () => {
      open = false
      closeSync(file)
    },
  })
}
