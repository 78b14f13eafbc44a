import { PassThrough, Readable } from 'node:stream'
import type { Child, Output } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'

/** A program as a shell starts it: found, with its words, and who runs it where. */
export interface ProgramCall {
  /** Absolute path in the host's table of programs. */
  readonly path: string
  /** The program as it was called, then its arguments. */
  readonly words: readonly string[]
  readonly user: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

export interface ProgramStreams {
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  readonly signal: AbortSignal
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 } as const
const SIGNAL_WORDS: Readonly<Record<string, string>> = { SIGHUP: 'Hangup\n', SIGKILL: 'Killed\n', SIGTERM: 'Terminated\n' }

/**
 * Runs one program to its end and returns its exit code as `$?` has it (128 + number for a signal, whose name bash prints on standard error).
 * Aborting the signal is Ctrl-C: SIGINT.
 */
export async function runForeground(world: World, call: ProgramCall, streams: ProgramStreams): Promise<number> {
  const child = await start(world, call, streams)
  return await finish(child, streams)
}

/** One stage of a pipe of programs. */
export interface PipeStage {
  readonly call: ProgramCall
  readonly mergeStderr: boolean
}

/**
 * Runs programs joined by pipes, all at the same time, and returns the last one's exit code. A program that writes to one that has ended is killed,
 * as SIGPIPE would.
 */
export async function runPipe(world: World, stages: readonly PipeStage[], streams: ProgramStreams): Promise<number> {
  let stdin: Readable = streams.stdin
  const ends: Promise<number>[] = []
  const children: Child[] = []
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1
    const pipe = last ? undefined : new PassThrough({ highWaterMark: Number.MAX_SAFE_INTEGER })
    const stdout: Output = pipe
      ? { write: (text) => void (pipe.writable ? pipe.write(text) : children[index]?.kill('SIGKILL')) }
      : streams.stdout
    const own: ProgramStreams = { stdin, stdout, stderr: stage.mergeStderr ? stdout : streams.stderr, signal: streams.signal }
    const child = await start(world, stage.call, own)
    children.push(child)
    const read = stdin
    ends.push(
      finish(child, { ...own, stderr: last ? own.stderr : SILENT }).then((code) => {
        pipe?.end()
        if (index > 0) read.destroy()
        return code
      }),
    )
    if (pipe) stdin = pipe
  }
  const codes = await Promise.all(ends)
  return codes.at(-1)!
}

const SILENT: Output = { write: () => {} }

function start(world: World, call: ProgramCall, streams: ProgramStreams): Promise<Child> {
  const { stdin, stdout, stderr } = streams
  return world.processes.spawn(call.path, {
    args: call.words.slice(1),
    user: call.user,
    cwd: call.cwd,
    env: call.env,
    stdin,
    stdout,
    stderr,
  })
}

async function finish(child: Child, streams: ProgramStreams): Promise<number> {
  const interrupt = () => child.kill('SIGINT')
  if (streams.signal.aborted) interrupt()
  else streams.signal.addEventListener('abort', interrupt)
  const exit = await child.exited
  streams.signal.removeEventListener('abort', interrupt)
  if (exit.signal === null) return exit.code ?? 0
  const said = SIGNAL_WORDS[exit.signal]
  if (said !== undefined) streams.stderr.write(said)
  return 128 + SIGNAL_NUMBERS[exit.signal]
}

/** A finished input with these bytes in it. */
export function inputOf(data: string | Uint8Array): Readable {
  const input = new Readable({ read() {} })
  if (data.length > 0) input.push(Buffer.from(data as Uint8Array))
  input.push(null)
  return input
}
