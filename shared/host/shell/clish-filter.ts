import type { Output } from '../../kernel/processes.ts'

/** Text that is printed line by line through a filter of clish. */
export interface Filter extends Output {
  /** Prints an unfinished last line, and the count of `count`. */
  end(): void
}

type Test = (line: string) => boolean

const FILTERS: Readonly<Record<string, (text: string) => { readonly test: Test; readonly sticky?: true }>> = {
  include: (text) => ({ test: containing(text) }),
  grep: (text) => ({ test: containing(text) }),
  exclude: (text) => ({ test: (line) => !containing(text)(line) }),
  begin: (text) => ({ test: containing(text), sticky: true }),
}

/** The filters that may follow `|`. */
export const FILTER_NAMES: readonly string[] = Object.keys(FILTERS)

/**
 * `include TEXT`, `exclude TEXT`, `begin TEXT` or `grep TEXT` (abbreviated if unique) over an output; undefined for every other text. TEXT is a regular
 * expression, or itself when it is none.
 */
export function filterOf(text: string, output: Output): Filter | undefined {
  const [, word = '', pattern = ''] = /^\s*(\S+)\s+(.*?)\s*$/.exec(text) ?? []
  const names = FILTER_NAMES.filter((name) => name.startsWith(word))
  if (names.length !== 1 || pattern === '') return undefined
  const { test, sticky } = FILTERS[names[0]!]!(pattern.replace(/^"(.*)"$/, '$1'))
  let rest = ''
  let begun = false
  const show = (line: string) => {
    if (!(begun && sticky) && !test(line)) return
    begun = true
    output.write(`${line}\n`)
  }
  return {
    write(chunk) {
      const lines = (rest + Buffer.from(chunk as Uint8Array).toString()).split('\n')
      rest = lines.pop()!
      for (const line of lines) show(line)
    },
    end() {
      if (rest !== '') show(rest)
    },
  }
}

function containing(text: string): Test {
  try {
    const pattern = new RegExp(text)
    return (line) => pattern.test(line)
  } catch {
    return (line) => line.includes(text)
  }
}
