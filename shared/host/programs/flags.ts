export interface Flags {
  /** How often each letter was given. */
  readonly given: ReadonlySet<string>
  /** The value of each letter that takes one; the last wins. */
  readonly values: ReadonlyMap<string, string>
  readonly rest: readonly string[]
}

/** What was wrong with a command line, for the program to word. */
export type FlagProblem = { readonly unknown: string } | { readonly needsValue: string }

/**
 * Reads single letter options in any mix (`-anlp`, `-c 3`, `-c3`), as `getopt` does: options may follow operands, `--` ends them.
 * `plain` are the letters without, `valued` those with a value.
 */
export function readFlags(args: readonly string[], plain: string, valued = ''): Flags | FlagProblem {
  const given = new Set<string>()
  const values = new Map<string, string>()
  const rest: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (arg === '--') {
      rest.push(...args.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg)
      continue
    }
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!
      if (valued.includes(letter)) {
        const value = arg.slice(at + 1) || args[++i]
        if (value === undefined) return { needsValue: letter }
        values.set(letter, value)
        break
      }
      if (!plain.includes(letter)) return { unknown: letter }
      given.add(letter)
    }
  }
  return { given, values, rest }
}
