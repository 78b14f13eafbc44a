import { closeSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { LabError } from '../kernel/errors.ts'
import type { Output, Programs, Signal } from '../kernel/processes.ts'
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
import { assembleWorld } from './world.ts'

/** Longest wait that one of Node's timers takes. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * The whole of an entry module: runs the program that a World's `spawn` started this process for, from the same table, in a World of its
 * own, and ends the process with the program's exit code. Signals abort the invocation's signal; a throw is a crash (exit code 1).
 */
export async function runOsProgram(programs: Programs): Promise<never> {
  const { mark, boot } = readBoot()
  const program = programs[boot.program]
  if (program === undefined)
    throw new LabError('LAB_BAD_INPUT', `${boot.program} is not in this entry module's programs; give it the table that the World has`)
  // What the system's own ps, netstat and lsof show. (Node names its main thread itself at the start, so a `--title` would not last.)
  process.title = mark.command
  // The log's socket ends with the lab's first process; without a lab there is nothing to run for.
  const lab = new Socket({ fd: LOG_FD, readable: true, writable: true })
  lab.on('error', () => {}) // The close that follows says it all.
  lab.once('close', () => process.kill(process.pid, 'SIGKILL'))
  lab.resume()
  lab.unref()
  const world = assembleWorld({ boot, programs, sink: { write: (line) => void lab.write(line) }, childLog: LOG_FD, process: mark.command })
  const crashed = (error: unknown): void =>
    world.log.error('process crashed', { error: error instanceof Error ? error.stack : String(error) })
  process.on('uncaughtException', (error) => {
    crashed(error)
    void flushed().then(() => process.exit(1))
  })

  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal))
  writeSync(READY_FD, IS_READY)
  const stdin = boot.hasInput ? inputWhenRead() : process.stdin
  if (!boot.hasInput) closeSync(READY_FD)

  // A program that only waits for its signal gives Node nothing to wait for.
  setInterval(() => {}, LONGEST_MS)
  try {
    const code = await program(world, {
      argv: mark.args,
      env: boot.env,
      cwd: boot.cwd,
      stdin,
      stdout: outputTo(process.stdout),
      stderr: outputTo(process.stderr),
      signal: stop.signal,
    })
    await flushed()
    process.exit(code)
  } catch (error) {
    if (!stop.signal.aborted) crashed(error)
    await flushed()
    if (stop.signal.aborted) return await dieOf(stop.signal.reason as Signal)
    process.exit(1)
  }
}

function readBoot(): { mark: ProcessMark; boot: WorldBoot & ProgramBoot } {
  const { [PROCESS_VARIABLE]: mark, [WORLD_VARIABLE]: boot } = process.env
  if (mark === undefined || boot === undefined)
    throw new LabError('LAB_BAD_INPUT', 'this module runs programs for a lab host and is started by it; start the lab with npm start')
  delete process.env[PROCESS_VARIABLE]
  delete process.env[WORLD_VARIABLE]
  return { mark: JSON.parse(mark) as ProcessMark, boot: JSON.parse(boot) as WorldBoot & ProgramBoot }
}

/**
 * The program's input, for which the starter is asked when the program first reads: what a program does not read stays where it is, as what is typed ahead stays in a
 * terminal for whoever reads next.
 */
function inputWhenRead(): Readable {
  let asked = false
  const input = new Readable({
    read() {
      if (asked) return void process.stdin.resume()
      asked = true
      process.stdin.on('data', (data: Buffer) => input.push(data) || process.stdin.pause())
      process.stdin.on('end', () => input.push(null))
      writeSync(READY_FD, READS_INPUT)
      closeSync(READY_FD)
    },
  })
  return input
}

/** A program whose reader is gone ends, as by SIGPIPE. */
function outputTo(stream: NodeJS.WriteStream): Output {
  stream.on('error', () => process.exit(141))
  return { write: (text) => void stream.write(text) }
}

/** Resolves when the other end of the pipes has taken, or will never take, what was written: an exit would lose it. */
async function flushed(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
}

/** Ends as a program does that did not catch the signal. */
function dieOf(signal: Signal): Promise<never> {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
  return new Promise<never>(() => {})
}
