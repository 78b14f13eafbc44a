import type { Program } from '../../../kernel/processes.ts'
import type { World } from '../../../kernel/world.ts'
import { absolutePath } from '../../programs/files.ts'
import { readFlags } from '../../programs/flags.ts'
import { fileOf, linesOf, reasonOf } from './input.ts'

/**
 * `tail [-n N | -N | -c N] [-f | -F] [FILE…]` and `head [-n N | -N | -c N] [FILE…]`. `-f` prints what is added, starts again when a file became shorter or was
 * replaced, and ends with the signal. (public: coreutils)
 */
export const tail: Program = async (world, invocation) => {
  const { stdout, stderr, stdin, signal } = invocation
  const asked = readCount(invocation.argv.slice(1), 'tail', 'fFq')
  if ('problem' in asked) {
    stderr.write(asked.problem)
    return 1
  }
  if (asked.names.length === 0) {
    const all: string[] = []
    for await (const line of linesOf(stdin, signal)) all.push(line)
    stdout.write(lastOf(Buffer.from(all.map((line) => `${line}\n`).join('')), asked))
    return 0
  }
  let exitCode = 0
  let shown = ''
  const follows: { readonly name: string; readonly path: string; offset: number }[] = []
  const heading = (name: string) => {
    if (asked.names.length < 2 || asked.given.has('q') || shown === name) return
    stdout.write(`${shown === '' ? '' : '\n'}==> ${name} <==\n`)
    shown = name
  }
  for (const name of asked.names) {
    const file = await fileOf(world, invocation, name)
    if ('data' in file) {
      heading(name)
      stdout.write(lastOf(file.data, asked))
      follows.push({ name, path: absolutePath(invocation, name), offset: file.data.length })
    } else {
      stderr.write(`tail: cannot open '${name}' for reading: ${file.reason}\n`)
      exitCode = 1
      if (asked.given.has('F')) follows.push({ name, path: absolutePath(invocation, name), offset: 0 })
    }
  }
  if (!(asked.given.has('f') || asked.given.has('F'))) return exitCode
  if (follows.length === 0) {
    stderr.write('tail: no files remaining\n')
    return 1
  }

  // One look at a time and file; a change during a look is looked at afterwards.
  const watches = follows.map((follow) => {
    let looking = false
    let again = false
    const look = async () => {
      again = looking
      if (looking) return
      looking = true
      do {
        again = false
        await added(
          world,
          follow,
          (data) => {
            heading(follow.name)
            stdout.write(data)
          },
          (text) => stderr.write(text),
        )
      } while (again)
      looking = false
    }
    return world.files.watch(follow.path, () => void look())
  })
  await new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve())
  })
  for (const watch of watches) watch[Symbol.dispose]()
  return 130
}

/** `head`; see `tail`. */
export const head: Program = async (world, invocation) => {
  const { stdout, stderr, stdin, signal } = invocation
  const asked = readCount(invocation.argv.slice(1), 'head', 'q')
  if ('problem' in asked) {
    stderr.write(asked.problem)
    return 1
  }
  if (asked.names.length === 0) {
    let left = asked.lines
    for await (const line of linesOf(stdin, signal)) {
      if (left-- <= 0) break
      stdout.write(`${line}\n`)
      if (left === 0) break
    }
    return 0
  }
  let exitCode = 0
  for (const [index, name] of asked.names.entries()) {
    const file = await fileOf(world, invocation, name)
    if (!('data' in file)) {
      stderr.write(`head: cannot open '${name}' for reading: ${file.reason}\n`)
      exitCode = 1
      continue
    }
    if (asked.names.length > 1) stdout.write(`${index === 0 ? '' : '\n'}==> ${name} <==\n`)
    const text = file.data
    stdout.write(
      asked.bytes === undefined
        ? Buffer.from(
            text
              .toString()
              .split(/(?<=\n)/)
              .slice(0, asked.lines)
              .join(''),
          )
        : text.subarray(0, asked.bytes),
    )
  }
  return exitCode
}

interface Count {
  readonly lines: number
  /** `-n +N`: from line N on. */
  readonly from: boolean
  readonly bytes: number | undefined
  readonly given: ReadonlySet<string>
  readonly names: readonly string[]
}

function readCount(args: readonly string[], name: string, plain: string): Count | { readonly problem: string } {
  const words = args.flatMap((arg) =>
    /^-\d+$/.test(arg) ? ['-n', arg.slice(1)] : arg === '--lines' ? ['-n'] : arg === '--follow' ? ['-f'] : [arg],
  )
  const flags = readFlags(words, plain, 'nc')
  if ('unknown' in flags) return { problem: `${name}: invalid option -- '${flags.unknown}'\nTry '${name} --help' for more information.\n` }
  if ('needsValue' in flags) return { problem: `${name}: option requires an argument -- '${flags.needsValue}'\n` }
  const count = flags.values.get('n') ?? '10'
  const bytes = flags.values.get('c')
  if (!/^[+-]?\d+$/.test(count)) return { problem: `${name}: invalid number of lines: '${count}'\n` }
  if (bytes !== undefined && !/^\d+$/.test(bytes)) return { problem: `${name}: invalid number of bytes: '${bytes}'\n` }
  return {
    lines: Math.abs(Number(count)),
    from: count.startsWith('+'),
    bytes: bytes === undefined ? undefined : Number(bytes),
    given: flags.given,
    names: flags.rest,
  }
}

function lastOf(data: Buffer, { lines, from, bytes }: Count): Buffer {
  if (bytes !== undefined) return data.subarray(Math.max(0, data.length - bytes))
  const all = data.toString().split(/(?<=\n)/)
  return Buffer.from((from ? all.slice(Math.max(0, lines - 1)) : lines === 0 ? [] : all.slice(-lines)).join(''))
}

async function added(
  world: World,
  follow: { readonly name: string; readonly path: string; offset: number },
  show: (data: Buffer) => void,
  say: (text: string) => void,
): Promise<void> {
  try {
    const { size } = await world.files.stat(follow.path)
    if (size < follow.offset) {
      say(`tail: ${follow.name}: file truncated\n`)
      follow.offset = 0
    }
    const data = await world.files.readAt(follow.path, follow.offset, size - follow.offset)
    follow.offset += data.length
    if (data.length > 0) show(data)
  } catch (error) {
    say(`tail: '${follow.name}' has become inaccessible: ${reasonOf(error)}\n`)
    follow.offset = 0
  }
}
