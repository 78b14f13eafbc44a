const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
}

/**
 * A POSIX pattern (basic as grep takes it, extended as `grep -E` does) as a JavaScript one. GNU's `\|`, `\+`, `\?`, `\w`, `\b`, `\<` and `\>` are known.
 * Throws SyntaxError for an unbalanced pattern.
 */
export function posixPattern(pattern: string, extended: boolean): string {
  let out = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!
    if (char === '[') {
      const [text, end] = bracket(pattern, at)
      out += text
      at = end
    } else if (char === '\\') {
      const next = pattern[++at]
      if (next === undefined) throw new SyntaxError('Trailing backslash')
      if (next === '<' || next === '>') out += '\\b'
      else if ('(){}|+?'.includes(next)) out += extended ? `\\${next}` : next
      else out += /[\w.*^$[\]\\/]/.test(next) ? `\\${next}` : escaped(next)
    } else if ('(){}|+?'.includes(char)) out += extended ? char : `\\${char}`
    else if (char === '*' && (out === '' || out.endsWith('('))) out += '\\*'
    else out += /[.*^$]/.test(char) ? char : escaped(char)
  }
  return out
}

/** A text that matches itself. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function bracket(pattern: string, start: number): readonly [string, number] {
  let at = start + 1
  let out = '['
  if (pattern[at] === '^') {
    out += '^'
    at++
  }
  for (let first = true; ; first = false, at++) {
    const char = pattern[at]
    if (char === undefined) throw new SyntaxError('Unmatched [, [^, [:, [., or [=')
    if (char === ']' && !first) return [`${out}]`, at]
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at))
    if (named) {
      out += CLASSES[named[1]!] ?? ''
      at += named[0].length - 1
    } else out += char === '\\' || char === '[' || char === ']' ? `\\${char}` : char
  }
}
