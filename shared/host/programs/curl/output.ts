import { absolutePath } from '../files.ts'
import { CurlError, EXIT } from './messages.ts'
import type { Session } from './session.ts'
import type { CurlUrl } from './url.ts'

/** Where the answer to one URL goes. */
export interface Sink {
  write(bytes: Uint8Array): void
  /** Puts a file in its place; nothing to do for standard output. Rejects with exit code 23. */
  finish(): Promise<void>
}

/** The sink of the n-th URL: its `-o` or `-O`, else standard output. Throws for `-O` with a URL that names no file. */
export function openSink(session: Session, index: number, url: CurlUrl): Sink {
  const wanted = session.options.outputs[index]
  if (wanted === undefined || (wanted !== 'remote-name' && wanted.path === '-'))
    return { write: (bytes) => session.stdout.write(bytes), finish: async () => {} }
  const name = wanted === 'remote-name' ? url.path.split('?')[0]!.split('/').at(-1)! : wanted.path
  if (name === '') throw new CurlError(EXIT.writeError, 'Remote file name has no length!')
  const path = absolutePath(session.invocation, name)
  if (path === '/dev/null') return { write: () => {}, finish: async () => {} }
  const parts: Uint8Array[] = []
  return {
    write: (bytes) => void parts.push(bytes),
    finish: async () => {
      if (parts.length === 0) return
      try {
        await session.world.files.write(path, Buffer.concat(parts))
      } catch (error) {
        throw new CurlError(EXIT.writeError, 'Failed writing body', { cause: error })
      }
    },
  }
}
