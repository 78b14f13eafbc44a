import type { Invocation } from '../../kernel/processes.ts'

/** A path as the program's user wrote it, made absolute with the working directory. */
export function absolutePath(invocation: Invocation, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${invocation.cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Everything on standard input. */
export async function readInput(invocation: Invocation): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of invocation.stdin) parts.push(Buffer.from(part as Buffer | string))
  return Buffer.concat(parts)
}
