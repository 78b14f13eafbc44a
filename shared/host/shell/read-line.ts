import type { Readable } from 'node:stream'

/**
 * Reads one line (without its line feed) and leaves the rest in the stream for whoever reads next, as a terminal in line mode does.
 * Undefined at the end of the input, or as soon as the signal is aborted.
 */
export async function readLine(input: Readable, signal: AbortSignal): Promise<string | undefined> {
  let line = ''
  while (!signal.aborted) {
    const chunk: Buffer | string | null = input.read()
    if (chunk === null) {
      if (input.readableEnded || input.destroyed) return line === '' ? undefined : line
      await readableOrOver(input, signal)
      continue
    }
    const text = chunk.toString()
    const end = text.indexOf('\n')
    if (end < 0) {
      line += text
      continue
    }
    if (end + 1 < text.length) input.unshift(Buffer.from(text.slice(end + 1)))
    return (line + text.slice(0, end)).replace(/\r$/, '')
  }
  return undefined
}

function readableOrOver(input: Readable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close'] as const
    const done = () => {
      for (const event of events) input.off(event, done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    for (const event of events) input.on(event, done)
    signal.addEventListener('abort', done)
  })
}
