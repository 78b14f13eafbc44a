/** One command of a pipe, with every quote resolved. */
export interface PlainCommand {
  readonly words: readonly string[]
  /** `2>&1` or `|&`: standard error goes where standard output goes. */
  readonly mergeStderr: boolean
}

const OPERATORS = new Set(['>', '<', '&', ';', '(', ')', '\n'])
const MERGE = /^2>& ?1(?:\s|\||$)/
/** Characters that make bash expand a word; such lines are for the interpreter. */
const EXPANDS = new Set(['$', '`', '*', '[', '~', '{', '!', '#', '='])

/**
 * A line that needs no interpreter: plain or quoted words, pipes and `2>&1`, nothing to expand and nothing else to redirect. Undefined for every
 * other line, so that only bash decides what those mean. (A `?` or `=` inside a word is plain when it cannot match or assign anything: `?` in a URL
 * would match a file name, but bash keeps the word when no file matches, and no file is named like a URL.)
 */
export function plainLine(line: string): readonly PlainCommand[] | undefined {
  const commands: PlainCommand[] = []
  let words: string[] = []
  let mergeStderr = false
  let word: string | undefined
  const endWord = () => {
    if (word !== undefined) words.push(word)
    word = undefined
  }
  const endCommand = () => {
    endWord()
    if (words.length === 0) return false
    commands.push({ words, mergeStderr })
    words = []
    mergeStderr = false
    return true
  }
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!
    if (char === ' ' || char === '\t') endWord()
    else if (char === "'") {
      const end = line.indexOf("'", at + 1)
      if (end < 0) return undefined
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (char === '"') {
      const quoted = /^"((?:[^"\\$`!]|\\["\\])*)"/.exec(line.slice(at))
      if (!quoted) return undefined
      word = (word ?? '') + quoted[1]!.replace(/\\(["\\])/g, '$1')
      at += quoted[0].length - 1
    } else if (char === '\\') {
      const next = line[++at]
      if (next === undefined || next === '\n') return undefined
      word = (word ?? '') + next
    } else if (word === undefined && MERGE.test(line.slice(at))) {
      mergeStderr = true
      at = line.indexOf('1', at)
    } else if (char === '|') {
      if (line[at + 1] === '|') return undefined
      if (line[at + 1] === '&') {
        mergeStderr = true
        at++
      }
      if (!endCommand()) return undefined
    } else if (OPERATORS.has(char)) return undefined
    else if (char === '=') {
      // Only before the command's name does it assign: `A=1 command`.
      if (words.length === 0) return undefined
      word = (word ?? '') + char
    } else if (char === '?') {
      if (!/^https?:|^[a-z.-]+(?::\d+)?\//.test(word ?? '')) return undefined
      word += char
    } else if (EXPANDS.has(char)) return undefined
    else word = (word ?? '') + char
  }
  return endCommand() ? commands : undefined
}
