/** A key or a run of text, as a terminal sends it. */
export type Key =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind:
        | 'enter'
        | 'backspace'
        | 'delete'
        | 'interrupt'
        | 'eof'
        | 'up'
        | 'down'
        | 'left'
        | 'right'
        | 'home'
        | 'end'
        | 'tab'
        | 'kill-line'
        | 'kill-word'
    }

const CONTROLS: Readonly<Record<string, Exclude<Key['kind'], 'text'>>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x01': 'home',
  '\x03': 'interrupt',
  '\x04': 'eof',
  '\x05': 'end',
  '\t': 'tab',
  '\x15': 'kill-line',
  '\x17': 'kill-word',
}
const SEQUENCES: Readonly<Record<string, Exclude<Key['kind'], 'text'>>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
}

/** Cuts what a terminal sent into keys; an unfinished escape sequence is `rest`, to be put before what comes next. */
export function keysOf(input: string): { readonly keys: readonly Key[]; readonly rest: string } {
  const keys: Key[] = []
  for (let at = 0; at < input.length; at++) {
    const char = input[at]!
    if (char === '\x1b') {
      const after = input.slice(at + 1)
      const sequence = /^[[O]([A-Z]|\d+~)/.exec(after)
      if (sequence) {
        const kind = SEQUENCES[sequence[1]!]
        if (kind) keys.push({ kind })
        at += sequence[0].length
      } else if (/^[[O]?\d*$/.test(after)) return { keys, rest: input.slice(at) }
      continue
    }
    const kind = CONTROLS[char]
    if (kind === 'enter' && char === '\n' && input[at - 1] === '\r') continue
    if (kind) keys.push({ kind })
    else if (char >= ' ') {
      let end = at + 1
      while (end < input.length && input[end]! >= ' ' && input[end] !== '\x7f') end++
      keys.push({ kind: 'text', text: input.slice(at, end) })
      at = end - 1
    }
  }
  return { keys, rest: '' }
}

export interface EditorOptions {
  /** What the terminal shows for a line: the line, or asterisks, or nothing. */
  readonly shown: (line: string) => string
  readonly history: readonly string[]
}

/** One line being typed: `press` changes it and returns what the terminal must print. */
export class LineEditor {
  readonly #options: EditorOptions
  #line = ''
  #cursor = 0
  #at: number
  #draft = ''

  constructor(options: EditorOptions) {
    this.#options = options
    this.#at = options.history.length
  }

  get line(): string {
    return this.#line
  }

  /** Replaces the line, with the cursor at its end. */
  set(line: string): string {
    return this.#change(line, line.length)
  }

  press(key: Key): string {
    const line = this.#line
    const cursor = this.#cursor
    switch (key.kind) {
      case 'text':
        return this.#change(line.slice(0, cursor) + key.text + line.slice(cursor), cursor + key.text.length)
      case 'backspace':
        return cursor === 0 ? '' : this.#change(line.slice(0, cursor - 1) + line.slice(cursor), cursor - 1)
      case 'delete':
        return this.#change(line.slice(0, cursor) + line.slice(cursor + 1), cursor)
      case 'kill-line':
        return this.#change(line.slice(cursor), 0)
      case 'kill-word': {
        const kept = line.slice(0, cursor).replace(/\S*\s*$/, '')
        return this.#change(kept + line.slice(cursor), kept.length)
      }
      case 'left':
        return this.#change(line, Math.max(0, cursor - 1))
      case 'right':
        return this.#change(line, Math.min(line.length, cursor + 1))
      case 'home':
        return this.#change(line, 0)
      case 'end':
        return this.#change(line, line.length)
      case 'up':
      case 'down':
        return this.#recall(key.kind === 'up' ? -1 : 1)
      default:
        return ''
    }
  }

  #recall(step: number): string {
    const { history } = this.#options
    const at = Math.min(history.length, Math.max(0, this.#at + step))
    if (at === this.#at) return ''
    if (this.#at === history.length) this.#draft = this.#line
    this.#at = at
    return this.set(at === history.length ? this.#draft : history[at]!)
  }

  /** What to print so that a terminal that shows the old line and cursor shows the new ones. */
  #change(line: string, cursor: number): string {
    const { shown } = this.#options
    const [before, after] = [shown(this.#line), shown(line)]
    const from = shown(this.#line.slice(0, this.#cursor)).length
    const to = shown(line.slice(0, cursor)).length
    this.#line = line
    this.#cursor = cursor
    if (after === before) return to < from ? '\b'.repeat(from - to) : after.slice(from, to)
    let same = 0
    while (same < from && same < after.length && before[same] === after[same]) same++
    const erased = ' '.repeat(Math.max(0, before.length - after.length))
    return `${'\b'.repeat(from - same)}${after.slice(same)}${erased}${'\b'.repeat(after.length + erased.length - to)}`
  }
}
