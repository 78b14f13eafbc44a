import type { Output } from '../../kernel/processes.ts'

export interface LineOutput extends Output {
  /** Writes the unfinished line, as a C program does when it exits. */
  flush(): void
}

/** Text as UTF-8, or bytes, as bytes. */
export function bytesOf(text: string | Uint8Array): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)
}

/** Standard output as the C library buffers it on a terminal: whole lines at once, the rest at the end. (public: glibc stdio) */
export function lineBuffered(output: Output): LineOutput {
  let waiting: Buffer[] = []
  const flush = (): void => {
    if (waiting.length > 0) output.write(Buffer.concat(waiting))
    waiting = []
  }
  return {
    write: (text) => {
      const bytes = bytesOf(text)
      const end = bytes.lastIndexOf(0x0a) + 1
      if (end > 0) {
        waiting.push(bytes.subarray(0, end))
        flush()
      }
      if (end < bytes.length) waiting.push(bytes.subarray(end))
    },
    flush,
  }
}
