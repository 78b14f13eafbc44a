import { Readable } from 'node:stream'
import type { Output } from '../../kernel/processes.ts'
import type { TerminalSession } from '../host.ts'
import type { Stdio } from './level.ts'
import { type Key, keysOf, LineEditor } from './line-editor.ts'

export interface ReadOptions {
  readonly secret?: boolean
  readonly history?: readonly string[]
  /** Called for `?` at the end of the line so far; what it returns is printed and the line shown again. */
  readonly help?: ((line: string) => string) | undefined
  readonly complete?: ((line: string) => string) | undefined
}

/** How reading a line ended. */
export type Read = { readonly kind: 'line'; readonly line: string } | { readonly kind: 'interrupt' | 'eof' }

/** A terminal's line discipline: edits lines, echoes, and turns Ctrl-C into an interrupt and Ctrl-D into the end of input. */
export interface Tty {
  readonly output: Output
  read(prompt: string, options?: ReadOptions): Promise<Read>
  /** Gives the terminal to a command: its input is what is typed from now on, and Ctrl-C aborts its signal. Dispose when the command has ended. */
  foreground(): Stdio & Disposable
  /** Whether the other side has gone. */
  readonly closed: boolean
}

/** Who gets the keys: a line being edited, or a command's input. Keys that nobody takes wait (typed ahead). */
type Taker = (key: Key) => void

/** Makes a terminal session's raw bytes a terminal. When its input ends, what was typed ahead is still done, and then every reader gets the end of input. */
export function createTty(session: TerminalSession): Tty {
  const waiting: Key[] = []
  let taker: Taker | undefined
  let interrupt: (() => void) | undefined
  let editing = false
  let rest = ''
  /** Nothing more will be typed. */
  let ended = false
  let closed = false
  /** Nothing was printed since an interrupt. */
  let behindInterrupt = false

  // Terminals want a carriage return before each line feed.
  const output: Output = {
    write: (text) => {
      behindInterrupt = false
      if (!closed) session.stdout.write((typeof text === 'string' ? text : Buffer.from(text).toString()).replace(/\r?\n/g, '\r\n'))
    },
  }
  const offer = (key: Key) => {
    if (key.kind === 'interrupt' && interrupt && !editing) {
      waiting.length = 0
      output.write('^C')
      behindInterrupt = true
      interrupt()
    } else if (taker) taker(key)
    else waiting.push(key)
  }
  const take = (next: Taker) => {
    taker = next
    for (let key = waiting.shift(); key; key = waiting.shift()) {
      next(key)
      if (taker !== next) return
    }
    if (ended) next({ kind: 'eof' })
  }
  const hangUp = () => {
    if (closed) return
    closed = true
    interrupt?.()
    taker?.({ kind: 'eof' })
  }
  const decoder = new TextDecoder()
  session.stdin.on('data', (chunk: Buffer) => {
    const cut = keysOf(rest + decoder.decode(chunk, { stream: true }))
    rest = cut.rest
    for (const key of cut.keys) offer(key)
  })
  session.stdin.on('end', () => {
    ended = true
    taker?.({ kind: 'eof' })
  })
  session.stdin.on('close', () => ended || hangUp())
  session.signal?.addEventListener('abort', hangUp, { once: true })

  function read(prompt: string, options: ReadOptions = {}): Promise<Read> {
    if (closed) return Promise.resolve({ kind: 'eof' })
    const editor = new LineEditor({
      shown: options.secret ? (line) => '*'.repeat(line.length) : (line) => line,
      history: options.history ?? [],
    })
    // A program that has last words (ping) begins a new line itself; after all others the shell does.
    output.write(behindInterrupt ? `\n${prompt}` : prompt)
    editing = true
    return new Promise((resolve) => {
      const end = (result: Read) => {
        taker = undefined
        editing = false
        resolve(result)
      }
      const press = (key: Key) => {
        if (closed) return end({ kind: 'eof' })
        if (key.kind === 'enter') {
          output.write('\n')
          return end({ kind: 'line', line: editor.line })
        }
        if (key.kind === 'interrupt') {
          output.write('^C\n')
          return end({ kind: 'interrupt' })
        }
        if (key.kind === 'eof') {
          // Half a line is no command when the rest never comes.
          if (editor.line === '' || ended) end({ kind: 'eof' })
          return
        }
        if (key.kind === 'tab') return output.write(editor.set(options.complete?.(editor.line) ?? editor.line))
        if (key.kind === 'text' && options.help && key.text.includes('?')) return ask(key.text)
        output.write(editor.press(key))
      }
      const ask = (text: string) => {
        const [before, ...after] = text.split('?')
        output.write(editor.press({ kind: 'text', text: before! }))
        editor.set(editor.line)
        output.write(`?\n${options.help!(editor.line)}${prompt}${editor.line}`)
        if (after.join('?') !== '') press({ kind: 'text', text: after.join('?') })
      }
      take(press)
    })
  }

  function foreground(): Stdio & Disposable {
    const stop = new AbortController()
    interrupt = () => stop.abort('SIGINT')
    if (closed) stop.abort('SIGHUP')
    let editor = new LineEditor({ shown: (line) => line, history: [] })
    const type = (key: Key) => {
      if (key.kind === 'enter') {
        output.write('\n')
        stdin.push(`${editor.line}\n`)
        editor = new LineEditor({ shown: (line) => line, history: [] })
      } else if (key.kind === 'eof') {
        if (editor.line !== '') stdin.push(editor.line)
        stdin.push(null)
        taker = undefined
      } else output.write(editor.press(key))
    }
    // Only a command that reads takes the keys; else they wait for the next prompt.
    const stdin = new Readable({
      read() {
        if (taker === undefined && !stop.signal.aborted) take(type)
      },
    })
    return {
      stdin,
      stdout: output,
      stderr: output,
      signal: stop.signal,
      columns: session.columns,
      async ask(prompt, options) {
        const answer = await read(prompt, options)
        if (answer.kind === 'interrupt') stop.abort('SIGINT')
        return answer.kind === 'line' ? answer.line : undefined
      },
      [Symbol.dispose]() {
        interrupt = undefined
        if (taker === type) taker = undefined
        stdin.destroy()
      },
    }
  }

  return {
    output,
    read,
    foreground,
    get closed() {
      return closed
    },
  }
}
