import { failuresOf, LabError } from '../../../shared/kernel/errors.ts'
import { stateFolder } from '../state/folder.ts'
import { startRunningLab, type Summary, type UpOptions } from './running-lab.ts'
import { onEndingSignal } from './signals.ts'

// The process of `ftdlab up --detach`: the lab without a terminal. Its first argument is the options as JSON; it tells its parent how the start goes.

/** What the background process tells the command that started it. */
export type FromBackground =
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'ready'; readonly summary: Summary }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string }

const tell = (message: FromBackground): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send!(message, () => resolve())
    else resolve()
  })

const unwanted = new AbortController()
const { promise: ended, resolve: end } = Promise.withResolvers<void>()
const stop = () => {
  unwanted.abort()
  end()
}
onEndingSignal(stop)
// Until the lab is up, whoever asked for it must be there; afterwards nobody need be.
process.on('disconnect', stop)
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`)
  process.exitCode = 1
  stop()
})

try {
  await using lab = await startRunningLab(stateFolder(), JSON.parse(process.argv[2]!) as UpOptions, {
    progress: (line) => void tell({ kind: 'progress', line }),
    signal: unwanted.signal,
    freshLog: false,
  })
  process.off('disconnect', stop)
  await tell({ kind: 'ready', summary: lab.summary })
  await Promise.race([ended, lab.endAsked])
} catch (error) {
  if (error !== unwanted.signal.reason) {
    const failures = failuresOf(error)
    for (const failure of failures) if (!(failure instanceof LabError)) process.stderr.write(`${(failure as Error).stack}\n`)
    const code = failures[0] instanceof LabError ? failures[0].code : undefined
    await tell({ kind: 'failed', code, message: failures.map((failure) => (failure as Error).message).join('; ') })
  }
  process.exitCode = 1
}
if (process.connected) process.disconnect()
