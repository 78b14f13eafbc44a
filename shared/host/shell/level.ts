import type { Readable } from 'node:stream'
import type { Output } from '../../kernel/processes.ts'
import type { ShellName } from '../host.ts'

/** What a command line reads from and prints to: a terminal, or the collected streams of `exec`. */
export interface Stdio {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by Ctrl-C, or when the terminal goes away. */
  readonly signal: AbortSignal
  /** Width of the terminal; undefined when there is none. */
  readonly columns: number | undefined
  /** Prints a prompt and reads one line; `secret` shows asterisks. Undefined at the end of the input. */
  ask(prompt: string, options?: { readonly secret?: boolean }): Promise<string | undefined>
}

/** How a command line ended: with an exit code, by starting another shell, or by ending this one. */
export type Outcome =
  | { readonly kind: 'done'; readonly exitCode: number }
  | { readonly kind: 'enter'; readonly level: Level }
  | { readonly kind: 'leave'; readonly exitCode: number }

/** A shell that reads command lines: clish, expert or root. It keeps its working directory and variables between lines. */
export interface Level {
  readonly shell: ShellName
  prompt(): Promise<string>
  run(line: string, stdio: Stdio): Promise<Outcome>
  /** Printed when the shell ends, e.g. `logout`; nothing when empty. */
  readonly farewell: string
  /** What `?` shows after this much of a line; absent where `?` is an ordinary key. */
  help?(partial: string): string
  /** The line as the tab key completes it. */
  complete?(partial: string): string
}
