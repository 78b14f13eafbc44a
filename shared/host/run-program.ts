import { Readable } from 'node:stream'
import type { Output, Signal } from '../kernel/processes.ts'
import type { World } from '../kernel/world.ts'
import type { ExecResult } from './host.ts'
import { bytesOf } from './programs/line-output.ts'

export interface RunOptions {
  /** What the program reads from its standard input, which then ends. */
  readonly input?: string | Uint8Array
  /** Aborting interrupts the program, as Ctrl-C does. */
  readonly signal?: AbortSignal
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly user?: string
}

/** Exit codes of programs that a signal ended, as shells report them: 128 and the signal's number. */
const SIGNAL_EXIT_CODES: Readonly<Record<Signal, number>> = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }

/**
 * Runs a program of the host by absolute path to its end and collects what it prints, both streams in order. Rejects with ENOENT when the
 * host has no such program.
 */
export async function runProgram(world: World, path: string, args: readonly string[], options: RunOptions = {}): Promise<ExecResult> {
  const all: Buffer[] = []
  const collector = (own: Buffer[]): Output => ({
    write: (text) => {
      const bytes = bytesOf(text)
      own.push(bytes)
      all.push(bytes)
    },
  })
  const out: Buffer[] = []
  const err: Buffer[] = []
  const child = await world.processes.spawn(path, {
    args,
    stdin: Readable.from(options.input === undefined ? [] : [bytesOf(options.input)]),
    stdout: collector(out),
    stderr: collector(err),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.user === undefined ? {} : { user: options.user }),
  })
  const interrupt = (): void => child.kill('SIGINT')
  if (options.signal?.aborted) interrupt()
  options.signal?.addEventListener('abort', interrupt, { once: true })
  const exit = await child.exited
  options.signal?.removeEventListener('abort', interrupt)
  return {
    exitCode: exit.signal === null ? (exit.code ?? 1) : SIGNAL_EXIT_CODES[exit.signal],
    output: textOf(all),
    stdout: textOf(out),
    stderr: textOf(err),
  }
}

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString('utf8')
}
