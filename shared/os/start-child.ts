import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { codeOf, errno } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Child, Exit, Signal, SpawnOptions } from '../kernel/processes.ts'
import {
  IS_READY,
  LOG_FD,
  PROCESS_VARIABLE,
  READS_INPUT,
  READY_FD,
  WORLD_VARIABLE,
  type ProcessMark,
  type ProgramBoot,
  type WorldBoot,
} from './boot.ts'
import type { LogSink } from './log.ts'

export interface ChildStart {
  readonly mark: ProcessMark
  readonly world: WorldBoot
  readonly program: ProgramBoot
  readonly streams: Pick<SpawnOptions, 'stdin' | 'stdout' | 'stderr'>
  readonly identity: { readonly uid: number; readonly gid: number } | undefined
}

const SIGNALS: ReadonlySet<string> = new Set<Signal>(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP'])

/**
 * Starts a child process: a `program` of the host's table in a Node process that runs the host's entry module, or an `executable` of the
 * machine's. Resolves when the child can be signalled. Its exit is told after all its output.
 */
export async function startChild(
  start: ChildStart & { kind: 'program' | 'executable'; childLog: LogSink | number; log: Log },
): Promise<Child> {
  const { mark, world, program, streams, identity, kind, log } = start
  const isProgram = kind === 'program'
  const marks = { [PROCESS_VARIABLE]: JSON.stringify(mark) }
  // Only what the runtime itself needs from this process's environment; the program gets its own in its invocation.
  const runtime = {
    PATH: process.env.PATH ?? '',
    TMPDIR: tmpdir(),
    NODE_COMPILE_CACHE: compileCache(),
    [WORLD_VARIABLE]: JSON.stringify({ ...world, ...program }),
  }
  const childLog = typeof start.childLog === 'number' ? start.childLog : ('pipe' as const)
  const stdio: StdioOptions = [streams.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(isProgram ? ([childLog, 'pipe'] as const) : [])]
  const child = spawn(
    isProgram ? process.execPath : program.program,
    isProgram ? [world.entry, '--program', program.program] : mark.args.slice(1),
    { stdio, cwd: isProgram ? '/' : program.cwd, env: { ...(isProgram ? runtime : program.env), ...marks }, ...identity },
  )
  try {
    await once(child, 'spawn')
  } catch (error) {
    throw errno(codeOf(error) ?? 'EIO', 'spawn', program.program)
  }
  const exited = exitOf(child)
  connectOutput(child, streams)
  if (!isProgram) connectInput(child, streams.stdin)
  else {
    if (typeof start.childLog !== 'number') passLog(child.stdio[LOG_FD] as Readable, start.childLog)
    const began = Promise.withResolvers<true>()
    ;(child.stdio[READY_FD] as Readable).on('data', (said: Buffer) => {
      if (said.includes(IS_READY)) began.resolve(true)
      if (said.includes(READS_INPUT)) connectInput(child, streams.stdin)
    })
    const isRunning = await Promise.race([began.promise, exited.then(() => false)])
    // What Node said of it, an import that fails for example, went to the standard error that the starter gave.
    if (!isRunning) log.error('process ended before its program ran', { process: mark.command, pid: child.pid, ...(await exited) })
  }
  return { pid: child.pid!, exited, kill: (signal) => void child.kill(signal) }
}

/** Compiling the sources is most of a child's start; the second child finds it done. Node's own default place, unless a place was chosen. */
function compileCache(): string {
  return process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache')
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      if (signal === null || SIGNALS.has(signal)) resolve({ code, signal: signal as Signal | null })
      // A crash by a signal that no lab program sends, as a shell tells it.
      else resolve({ code: 128 + constants.signals[signal], signal: null })
    })
  })
}

function connectInput(child: ChildProcess, stdin: Readable | undefined): void {
  if (stdin === undefined || child.stdin === null) return
  // A child that does not read its input to the end is no failure.
  child.stdin.on('error', () => stdin.unpipe(child.stdin!))
  stdin.pipe(child.stdin)
}

function connectOutput(child: ChildProcess, { stdout, stderr }: ChildStart['streams']): void {
  child.stdout!.on('data', (data: Buffer) => stdout?.write(data))
  child.stderr!.on('data', (data: Buffer) => stderr?.write(data))
}

function passLog(lines: Readable, sink: LogSink): void {
  createInterface({ input: lines, crlfDelay: Infinity }).on('line', (line) => sink.write(`${line}\n`))
}
