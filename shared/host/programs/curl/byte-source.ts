import type { Duplex } from 'node:stream'

/** The bytes that come from a stream, taken when they are wanted. */
export interface ByteSource {
  /** The next bytes, or undefined at the end. Rejects with the stream's error, or with the signal's reason. */
  next(signal: AbortSignal): Promise<Buffer | undefined>
  /** Stops reading and forgets the stream. */
  release(): void
}

/** Reads a stream on demand; while nobody asks, the peer is held back. */
export function readFrom(stream: Duplex): ByteSource {
  let ended = false
  let failed: Error | undefined
  let wake: (() => void) | undefined
  const readable = (): void => wake?.()
  const end = (): void => {
    ended = true
    wake?.()
  }
  const error = (cause: Error): void => {
    failed = cause
    wake?.()
  }
  stream.on('readable', readable).on('end', end).on('close', end).on('error', error)
  return {
    async next(signal) {
      for (;;) {
        signal.throwIfAborted()
        const bytes = stream.read() as Buffer | null
        if (bytes !== null) return bytes
        if (failed !== undefined) throw failed
        if (ended) return undefined
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        signal.addEventListener('abort', readable)
        await promise
        signal.removeEventListener('abort', readable)
      }
    },
    release() {
      // The error handler stays: what fails after curl lost interest must not end the process.
      stream.off('readable', readable).off('end', end).off('close', end)
    },
  }
}
