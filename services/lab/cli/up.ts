import { complain, paint, print } from './print.ts'
import { startRunningLab, type UpOptions } from './running-lab.ts'
import { exitCodeOf, onEndingSignal, type EndingSignal } from './signals.ts'
import { stateFolder } from '../state/folder.ts'
import { welcome } from './welcome.ts'

/** `ftdlab up`: the lab in the foreground until Ctrl-C, `ftdlab down` or the API ends it. */
export async function up(options: UpOptions): Promise<number> {
  const unwanted = new AbortController()
  const { promise: ended, resolve: end } = Promise.withResolvers<string>()
  let signalled: EndingSignal | undefined
  using _ = onEndingSignal((signal) => {
    if (signalled !== undefined) return complain('still ending; nothing is left behind when it is done')
    signalled = signal
    complain('')
    unwanted.abort()
    end(signal)
  })
  let crash: unknown
  const crashed = (error: unknown) => {
    crash ??= error
    unwanted.abort(error)
    end('a failure of its own')
  }
  process.on('uncaughtException', crashed)
  try {
    await using lab = await startRunningLab(stateFolder(), options, {
      progress: (line) => print(paint.dim(line)),
      signal: unwanted.signal,
      freshLog: true,
    })
    welcome(lab.summary)
    print()
    print('Ctrl-C ends the lab')
    void lab.endAsked.then(() => end('a request over its API'))
    await ended
    print('ending the lab')
  } catch (error) {
    if (signalled === undefined || error !== unwanted.signal.reason) throw error
    return exitCodeOf(signalled)
  } finally {
    process.off('uncaughtException', crashed)
  }
  if (crash !== undefined) throw crash
  print('the lab has ended')
  return 0
}
