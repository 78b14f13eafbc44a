import { FILTER_NAMES, filterOf } from './clish-filter.ts'
import type { Level, Outcome, Stdio } from './level.ts'

/** What a command of clish gets. */
export interface ClishContext {
  /** The words after the command's own. */
  readonly args: readonly string[]
  readonly stdio: Stdio
  readonly print: (text: string) => void
}

export interface ClishCommand {
  /** The command's own words, e.g. `show network`. */
  readonly words: string
  readonly help: string
  /** What may follow: the names for the help list, and how many words. None unless given. */
  readonly takes?: { readonly names: string; readonly min: number; readonly max: number }
  /** Returns the exit code that `exec` reports (clish itself has none), or what becomes of the session. */
  run(context: ClishContext): Promise<number | Outcome>
}

export interface ClishOptions {
  readonly commands: readonly ClishCommand[]
  /** What `?` shows for words that lead to several commands, e.g. `configure`. */
  readonly groups: Readonly<Record<string, string>>
  /** The words of commands that the appliance has and the lab does not: to call them illegal would be untrue. */
  readonly notEmulated?: readonly string[]
}

interface Node {
  readonly word: string
  readonly children: Map<string, Node>
  help: string
  command?: ClishCommand
}

/** clish's answers to lines that it cannot run. (public: klish, the command shell that clish is) */
const ILLEGAL = 'Syntax error: Illegal command line\n'
const INCOMPLETE = 'Syntax error: The command is not completed.\n'
const AMBIGUOUS = 'Syntax error: Ambiguous command\n'

export interface Clish extends Level {
  /** Whether a line is clish's: its first words spell the beginning of a command, without abbreviation. `exec` decides by it. */
  knows(line: string): boolean
  /** Whether a line is one of the appliance's commands that the lab does not have, without abbreviation. */
  lacks(line: string): boolean
}

/** The command shell of an appliance, prompt `> `: commands of several words that may be abbreviated, `?`, tab, and filters after `|`. */
export function createClish(options: ClishOptions): Clish {
  const root: Node = { word: '', children: new Map(), help: '' }
  for (const command of options.commands) {
    let node = root
    let path = ''
    for (const word of command.words.split(' ')) {
      path = path === '' ? word : `${path} ${word}`
      let child = node.children.get(word)
      if (child === undefined) node.children.set(word, (child = { word, children: new Map(), help: options.groups[path] ?? '' }))
      node = child
    }
    node.command = command
    node.help = command.help
  }
  const notEmulated = (options.notEmulated ?? []).map((words) => ({ words, path: words.split(' ') }))
  const lacked = (words: readonly string[], fits: (word: string, typed: string) => boolean) =>
    notEmulated.find(({ path }) => path.every((word, index) => words[index] !== undefined && fits(word, words[index])))
  const singles = new Set(options.commands.filter(({ words }) => !words.includes(' ')).map(({ words }) => words))

  async function run(line: string, stdio: Stdio): Promise<Outcome> {
    if (line.trim() === '') return done(0)
    if (/\?\s*$/.test(line)) {
      stdio.stdout.write(help(line.slice(0, line.lastIndexOf('?'))))
      return done(0)
    }
    const bar = line.indexOf('|')
    // An address list may be separated by bars; a filter's name after the bar makes it a pipe.
    const filtered = bar >= 0 && FILTER_NAMES.some((name) => isWord(line.slice(bar + 1), name))
    const filter = filtered ? filterOf(line.slice(bar + 1), stdio.stdout) : undefined
    if (filtered && filter === undefined) return fail(stdio, INCOMPLETE)
    const words = wordsOf(filtered ? line.slice(0, bar) : line)
    const found = find(root, words)
    if (found === 'ambiguous') return fail(stdio, AMBIGUOUS)
    const { node, args } = found
    const command = node.command
    if (command === undefined && args.length === 0) return fail(stdio, INCOMPLETE)
    if (command === undefined) {
      const missing = lacked(words, (word, typed) => word.startsWith(typed))
      return fail(stdio, missing ? `LAB_NOT_EMULATED: the appliance has the command ${missing.words}, the lab does not\n` : ILLEGAL)
    }
    const { min, max } = command.takes ?? { min: 0, max: 0 }
    if (args.length > max) return fail(stdio, ILLEGAL)
    if (args.length < min) return fail(stdio, INCOMPLETE)
    const output = filter ?? stdio.stdout
    const outcome = await command.run({ args, stdio: { ...stdio, stdout: output }, print: (text) => output.write(text) })
    filter?.end()
    return typeof outcome === 'number' ? done(outcome) : outcome
  }

  function help(partial: string): string {
    const words = wordsOf(partial)
    const last = /\s$/.test(partial) || words.length === 0 ? '' : words.pop()!
    const found = find(root, words)
    if (found === 'ambiguous') return AMBIGUOUS
    if (found.args.length > 0 && found.node.command?.takes === undefined) return ILLEGAL
    const children = found.args.length > 0 ? [] : [...found.node.children.values()].filter(({ word }) => word.startsWith(last))
    const rows = children.map(({ word, help: text }) => [word, text] as const).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const { takes } = found.node.command ?? {}
    if (takes && found.args.length < takes.max && (last === '' || children.length === 0)) rows.push([takes.names, found.node.help])
    if (last === '' && found.node.command && found.args.length >= (takes?.min ?? 0)) rows.push(['<cr>', ''])
    if (rows.length === 0) return ILLEGAL
    const width = Math.max(...rows.map(([word]) => word.length))
    return rows.map(([word, text]) => `  ${word.padEnd(width)}  ${text}`.trimEnd() + '\n').join('')
  }

  return {
    shell: 'clish',
    farewell: '',
    prompt: async () => '> ',
    run,
    help,
    complete(partial) {
      const words = wordsOf(partial)
      if (words.length === 0 || /\s$/.test(partial)) return partial
      const last = words.pop()!
      const found = find(root, words)
      if (found === 'ambiguous' || found.args.length > 0) return partial
      const matches = [...found.node.children.keys()].filter((word) => word.startsWith(last))
      return matches.length === 1 ? `${partial.slice(0, partial.length - last.length)}${matches[0]} ` : partial
    },
    lacks: (line) => lacked(wordsOf(line.split('|')[0]!), (word, typed) => word === typed) !== undefined,
    knows(line) {
      const [first = '', second] = wordsOf(line.split('|')[0]!)
      if (singles.has(first)) return true
      const group = root.children.get(first)
      if (group === undefined) return false
      return group.children.size > 1 || (second !== undefined && group.children.has(second))
    },
  }
}

function done(exitCode: number): Outcome {
  return { kind: 'done', exitCode }
}

function fail(stdio: Stdio, text: string): Outcome {
  stdio.stdout.write(text)
  return done(1)
}

function isWord(text: string, name: string): boolean {
  const word = /^\s*([a-z]+)(?:\s|$)/.exec(text)?.[1]
  return word !== undefined && name.startsWith(word)
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}

/** Follows the words as far as they lead; the rest are arguments. */
function find(root: Node, words: readonly string[]): { readonly node: Node; readonly args: readonly string[] } | 'ambiguous' {
  let node = root
  for (const [index, word] of words.entries()) {
    const exact = node.children.get(word)
    const matches = exact ? [exact] : [...node.children.values()].filter((child) => child.word.startsWith(word))
    if (matches.length > 1) return 'ambiguous'
    if (matches.length === 0) return { node, args: words.slice(index) }
    node = matches[0]!
  }
  return { node, args: [] }
}
