import type { ResponseReader } from './response.ts'
import type { BodyKind } from './response.ts'

/** How reading a body came to its end: `missing` bytes when the connection ended too early (undefined: unknown how many). */
export type BodyEnd = { readonly whole: true } | { readonly whole: false; readonly missing: number | undefined }

/** Reads a body and hands on its bytes, without chunk framing. Rejects with the connection's error or the signal's reason. */
export async function readBody(reader: ResponseReader, kind: BodyKind, write: (bytes: Buffer) => void): Promise<BodyEnd> {
  if (kind.kind === 'none') return { whole: true }
  if (kind.kind === 'length') return readLength(reader, kind.bytes, write)
  if (kind.kind === 'chunked') return readChunks(reader, write)
  for (;;) {
    const bytes = await reader.bytes(Number.POSITIVE_INFINITY)
    if (bytes === undefined) return { whole: true }
    write(bytes)
  }
}

async function readLength(reader: ResponseReader, length: number, write: (bytes: Buffer) => void): Promise<BodyEnd> {
  let left = length
  while (left > 0) {
    const bytes = await reader.bytes(left)
    if (bytes === undefined) return { whole: false, missing: left }
    left -= bytes.length
    write(bytes)
  }
  return { whole: true }
}

async function readChunks(reader: ResponseReader, write: (bytes: Buffer) => void): Promise<BodyEnd> {
  for (;;) {
    const size = await reader.line()
    if (size === undefined || !/^[0-9a-f]+/i.test(size)) return { whole: false, missing: undefined }
    const length = Number.parseInt(size, 16)
    if (length === 0) break
    const end = await readLength(reader, length, write)
    if (!end.whole || (await reader.line()) === undefined) return { whole: false, missing: undefined }
  }
  for (;;) {
    const trailer = await reader.line()
    if (trailer === undefined) return { whole: false, missing: undefined }
    if (trailer === '') return { whole: true }
  }
}
