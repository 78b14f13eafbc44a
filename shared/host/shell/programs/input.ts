import { addAbortSignal, type Readable } from 'node:stream'
import type { Invocation } from '../../../kernel/processes.ts'
import type { World } from '../../../kernel/world.ts'
import { codeOf } from '../../../kernel/errors.ts'
import { absolutePath } from '../../programs/files.ts'

/** The lines of a stream without their line feeds, each as soon as it is complete; ends (by throwing) when the program is signalled. */
export async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of addAbortSignal(signal, input)) {
    const parts = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = parts.pop()!
    yield* parts
  }
  if (rest !== '') yield rest
}

/** What C's `strerror` says of a failed look at a file. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error) ?? ''
  return REASONS[code] ?? 'Input/output error'
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EACCES: 'Permission denied',
  ENXIO: 'No such device or address',
}

/** A file's bytes, or what is wrong with it. */
export async function fileOf(
  world: World,
  invocation: Invocation,
  name: string,
): Promise<{ readonly data: Buffer } | { readonly reason: string }> {
  try {
    return { data: await world.files.read(absolutePath(invocation, name)) }
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}
