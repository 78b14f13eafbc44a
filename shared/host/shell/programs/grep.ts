import type { Invocation, Program } from '../../../kernel/processes.ts'
import type { World } from '../../../kernel/world.ts'
import { absolutePath } from '../../programs/files.ts'
import { type Flags, readFlags } from '../../programs/flags.ts'
import { fileOf, linesOf } from './input.ts'
import { escaped, posixPattern } from './posix-pattern.ts'

const USAGE = "Usage: grep [OPTION]... PATTERN [FILE]...\nTry 'grep --help' for more information.\n"

/**
 * `grep [-EFivwxnclLoqshHrR] [-e PATTERN] [-m N] [-A N] [-B N] [-C N] PATTERN [FILE…]`; `egrep` and `fgrep` by name. Prints each line as it comes, so that
 * `tail -f … | grep …` shows what is happening. Exit code 0 matched, 1 not, 2 in trouble. (public: GNU grep)
 */
export const grep: Program = async (world, invocation) => {
  const { argv, stdin, stdout, stderr, signal } = invocation
  const flags = readFlags(
    argv.slice(1).filter((arg) => !arg.startsWith('--color')),
    'EFGivwxnclLoqshHrR',
    'emABC',
  )
  if (!('rest' in flags)) {
    stderr.write(
      'unknown' in flags
        ? `grep: invalid option -- '${flags.unknown}'\n${USAGE}`
        : `grep: option requires an argument -- '${flags.needsValue}'\n${USAGE}`,
    )
    return 2
  }
  const names = [...flags.rest]
  const pattern = flags.values.get('e') ?? names.shift()
  if (pattern === undefined) {
    stderr.write(USAGE)
    return 2
  }
  let matcher: RegExp
  try {
    matcher = matcherOf(pattern, flags, argv[0]!)
  } catch (error) {
    stderr.write(`grep: ${(error as Error).message}\n`)
    return 2
  }
  const recursive = flags.given.has('r') || flags.given.has('R')
  const trouble: string[] = []
  const targets = recursive ? await below(world, invocation, names.length > 0 ? names : ['.']) : names
  const withName = !flags.given.has('h') && (flags.given.has('H') || recursive || targets.length > 1)
  let matched = false
  if (targets.length === 0 && !recursive) {
    const search = searcher(matcher, flags, '', (text) => stdout.write(text))
    for await (const line of linesOf(stdin, signal)) if (search.line(line)) break
    matched = search.end()
  }
  for (const name of targets) {
    const file = await fileOf(world, invocation, name)
    if (!('data' in file)) {
      trouble.push(`grep: ${name}: ${file.reason}\n`)
      continue
    }
    const search = searcher(matcher, flags, withName ? name : '', (text) => stdout.write(text), name)
    const lines = file.data.toString().split('\n')
    if (lines.at(-1) === '') lines.pop()
    for (const line of lines) if (search.line(line)) break
    matched = search.end() || matched
  }
  if (!flags.given.has('s')) for (const text of trouble) stderr.write(text)
  return trouble.length > 0 && !(matched && flags.given.has('q')) ? 2 : matched ? 0 : 1
}

function matcherOf(pattern: string, flags: Flags, calledAs: string): RegExp {
  const fixed = flags.given.has('F') || calledAs.endsWith('fgrep')
  const extended = flags.given.has('E') || calledAs.endsWith('egrep')
  let source = pattern
    .split('\n')
    .map((part) => (fixed ? escaped(part) : posixPattern(part, extended)))
    .join('|')
  if (flags.given.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`
  if (flags.given.has('x')) source = `^(?:${source})$`
  return new RegExp(source, flags.given.has('i') ? 'gi' : 'g')
}

/** Looks at one input line by line; `line` says when nothing more needs to be looked at. */
function searcher(matcher: RegExp, flags: Flags, prefix: string, print: (text: string) => void, name = '(standard input)') {
  const has = (letter: string) => flags.given.has(letter)
  const number = (letter: string) => Number(flags.values.get(letter) ?? flags.values.get('C') ?? 0)
  const most = Number(flags.values.get('m') ?? Infinity)
  const [before, after] = [number('B'), number('A')]
  const silent = has('q') || has('c') || has('l') || has('L')
  let count = 0
  let at = 0
  let owed = 0
  let lastShown = 0
  let kept: string[] = []
  const show = (line: string, lineNumber: number, mark: ':' | '-') => {
    if ((before > 0 || after > 0) && lastShown > 0 && lineNumber > lastShown + 1) print('--\n')
    lastShown = lineNumber
    print(`${prefix === '' ? '' : prefix + mark}${has('n') ? `${lineNumber}${mark}` : ''}${line}\n`)
  }
  return {
    line(line: string): boolean {
      at++
      matcher.lastIndex = 0
      const found = matcher.test(line) !== has('v')
      if (!found) {
        if (owed > 0 && !silent) {
          owed--
          show(line, at, '-')
        } else if (before > 0) kept = [...kept, line].slice(-before)
        return count >= most && owed === 0
      }
      count++
      if (silent) return !has('c') || count >= most
      for (const [index, earlier] of kept.entries()) show(earlier, at - kept.length + index, '-')
      kept = []
      if (has('o')) {
        if (!has('v')) for (const part of line.match(matcher) ?? []) if (part !== '') show(part, at, ':')
      } else show(line, at, ':')
      owed = after
      return count >= most && owed === 0
    },
    end(): boolean {
      if (has('q')) return count > 0
      if (has('L')) {
        if (count === 0) print(`${name}\n`)
      } else if (has('l')) {
        if (count > 0) print(`${name}\n`)
      } else if (has('c')) print(`${prefix === '' ? '' : `${prefix}:`}${count}\n`)
      return count > 0
    },
  }
}

async function below(world: World, invocation: Invocation, names: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const name of names) {
    const path = absolutePath(invocation, name)
    const stat = await world.files.stat(path).catch(() => undefined)
    if (stat?.kind !== 'folder') {
      if (stat?.kind !== 'socket') found.push(name)
      continue
    }
    const entries = await world.files.list(path)
    found.push(
      ...(await below(
        world,
        invocation,
        entries.map((entry) => `${name.replace(/\/$/, '')}/${entry.name}`),
      )),
    )
  }
  return found
}
