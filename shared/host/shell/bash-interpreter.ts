import type { BashExecResult, Command, ExecResult, ResolvedCommandContext, ScriptNode } from 'just-bash'
import type { Output } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'
import { bashFiles } from './bash-files.ts'
import { type Piece, piecesOf } from './bash-script.ts'
import { type CommandTable, TEXT_COMMANDS } from './commands.ts'
import type { Stdio } from './level.ts'
import { reasonOf } from './programs/input.ts'
import { inputOf, type ProgramCall, runForeground } from './run-programs.ts'
import { commandOf } from './sudo.ts'

/** What a shell remembers from line to line. */
export interface ShellState {
  readonly user: string
  cwd: string
  env: Readonly<Record<string, string>>
  /** `$?` */
  status: number
}

export interface Interpreter {
  readonly world: World
  readonly table: CommandTable
  /** Keeps lab time from running on while the interpreter works in the machine's time; see `BashOptions.hold`. */
  readonly hold: (() => Disposable) | undefined
  /** Runs a piece of a line that is nothing but programs, alone or joined by pipes; undefined, and nothing happened, for every other piece. */
  runPrograms(text: string, stdio: Stdio): Promise<number> | undefined
}

/** Variables that the interpreter makes anew for every line; programs do not see them. */
const INTERNAL = new Set(['IFS', 'OSTYPE', 'MACHTYPE', 'HOSTTYPE', 'OPTIND', 'SHELLOPTS', 'BASHOPTS', 'OLDPWD', '?'])
const INTERRUPTED = 130

/**
 * Runs a line that needs a real bash: expansions, redirections, loops, and the commands for files and text. Returns whether the line ended the shell
 * (`exit`); the state keeps variables, folder and `$?`.
 *
 * The interpreter has no network, no real file and no clock. It runs the stages of a pipe one after the other, and collects what a piece of the
 * line prints when something in it is redirected, piped or substituted; else its commands print while they run. Functions, aliases and options live for one line.
 */
export async function interpret(line: string, stdio: Stdio, state: ShellState, interpreter: Interpreter): Promise<boolean> {
  const guard = holdGuard(interpreter.hold)
  try {
    // Loaded when first needed: it costs some 100 ms, and most lines are single programs that do without it.
    const { parse, serialize } = await import('just-bash')
    let pieces: readonly Piece[]
    try {
      pieces = piecesOf(parse(line))
    } catch {
      // A syntax error; let the interpreter word it.
      await runText(line, false, stdio, state, interpreter, guard)
      return false
    }
    for (const piece of pieces) {
      if (stdio.signal.aborted) break
      if (piece.when === 'after success' && state.status !== 0) continue
      if (piece.when === 'after failure' && state.status === 0) continue
      if (piece.exit) {
        state.status = Number(piece.exit[0] ?? state.status) & 255
        return true
      }
      const text = serialize(piece.script)
      const exitCode = await guard.released(async () => interpreter.runPrograms(text, stdio))
      if (exitCode !== undefined) state.status = exitCode
      else await runText(withStatus(text, piece.script, state.status), piece.straight, stdio, state, interpreter, guard)
    }
    return false
  } finally {
    guard.end()
  }
}

/** Each piece gets an interpreter of its own, so `$?` must be set anew where it is asked for. */
function withStatus(text: string, script: ScriptNode, status: number): string {
  return JSON.stringify(script).includes('"parameter":"?"') ? `(exit ${status}); ${text}` : text
}

async function runText(
  text: string,
  straight: boolean,
  stdio: Stdio,
  state: ShellState,
  interpreter: Interpreter,
  guard: HoldGuard,
): Promise<void> {
  const { Bash, decodeBytesToUtf8 } = await import('just-bash')
  const { world, table } = interpreter
  let user = state.user
  const running = new Set<Promise<unknown>>()

  const runProgram = async (
    path: string,
    words: readonly string[],
    asUser: string,
    context: ResolvedCommandContext,
  ): Promise<ExecResult> => {
    const collected: Collected | undefined = straight ? undefined : { stdout: [], stderr: [] }
    const env = { ...plainEnv(context.exportedEnv ?? {}), USER: asUser, LOGNAME: asUser }
    const call: ProgramCall = { path, words, user: asUser, cwd: context.cwd, env }
    const work = guard.released(() =>
      runForeground(world, call, {
        stdin: straight ? stdio.stdin : inputOf(Buffer.from(context.stdin as unknown as string, 'latin1')),
        stdout: collected ? into(collected.stdout) : stdio.stdout,
        stderr: collected ? into(collected.stderr) : stdio.stderr,
        signal: stdio.signal,
      }),
    )
    running.add(work)
    const exitCode = await work
    return { stdout: textOf(collected?.stdout), stderr: textOf(collected?.stderr), exitCode }
  }

  const printed = (result: ExecResult): ExecResult => {
    if (!straight) return result
    if (result.stderr !== '') stdio.stderr.write(result.stderr)
    if (result.stdout !== '') stdio.stdout.write(result.stdout)
    return { ...result, stdout: '', stderr: '' }
  }

  const sudo = async (args: readonly string[], context: ResolvedCommandContext): Promise<ExecResult> => {
    const command = commandOf(['sudo', ...args], user)
    const [name] = command.words
    if (name === undefined) return { stdout: '', stderr: 'usage: sudo [-u user] command\n', exitCode: 1 }
    const path = table.program(name, context.cwd)
    if (path !== undefined) return await runProgram(path, command.words, command.user, context)
    const before = user
    user = command.user
    try {
      return await context.exec!(command.words.map(quoted).join(' '), { cwd: context.cwd, stdin: decodeBytesToUtf8(context.stdin) })
    } finally {
      user = before
    }
  }

  const commands: Command[] = [
    ...TEXT_COMMANDS.map((name) => ({
      name,
      execute: async (args: string[], context: ResolvedCommandContext) => printed(await context.origCommand!(args)),
    })),
    ...table.names.map((name) => ({
      name,
      execute: (args: string[], context: ResolvedCommandContext) =>
        runProgram(table.program(name, context.cwd)!, [name, ...args], user, context),
    })),
    { name: 'sudo', execute: (args, context) => sudo(args, context) },
  ]
  const bash = new Bash({
    fs: bashFiles(world.files, { user: () => user, isCommand: (path) => table.isCommand(path) }),
    cwd: state.cwd,
    env: { ...state.env },
    commands: [...TEXT_COMMANDS],
    customCommands: commands,
    // It would patch the process's globals, for guests that run JavaScript; no command here does.
    defenseInDepth: false,
    executionLimitProfile: 'hardened',
    executionLimits: { maxExecutionTimeMs: Infinity },
    processInfo: { pid: world.processes.pid, ppid: 1, uid: user === 'root' ? 0 : 1000, gid: user === 'root' ? 0 : 1000 },
  })
  let result: BashExecResult
  try {
    result = await bash.exec(text, { signal: stdio.signal, rawScript: true })
  } catch (error) {
    // The interpreter words most failures of the file system itself, but not that of a redirection.
    const { code, path } = error as NodeJS.ErrnoException
    if (code === undefined || path === undefined) throw error
    stdio.stderr.write(`bash: ${path}: ${reasonOf(error)}\n`)
    state.status = 1
    return
  }
  await guard.released(() => Promise.allSettled(running))
  state.status = stdio.signal.aborted ? INTERRUPTED : result.exitCode
  if (stdio.signal.aborted) return
  state.cwd = result.env['PWD'] ?? state.cwd
  state.env = plainEnv(result.env)
  if (result.stderr !== '') stdio.stderr.write(inBashWords(result.stderr))
  if (result.stdout !== '') stdio.stdout.write(result.stdout)
}

/** The parser's own sentences as bash would say them. */
function inBashWords(text: string): string {
  return text
    .replace(/syntax error: Parse error at \d+:\d+: Expected \S+, got EOF/g, 'syntax error: unexpected end of file')
    .replace(/syntax error: Parse error at \d+:\d+: /g, '')
}

function plainEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !INTERNAL.has(name)))
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

interface Collected {
  readonly stdout: Buffer[]
  readonly stderr: Buffer[]
}

function into(chunks: Buffer[]): Output {
  return { write: (text) => void chunks.push(Buffer.from(text as Uint8Array)) }
}

function textOf(chunks: readonly Buffer[] | undefined): string {
  return chunks === undefined ? '' : Buffer.concat(chunks).toString()
}

interface HoldGuard {
  /** Lets lab time run while a program works. */
  released<T>(work: () => Promise<T>): Promise<T>
  end(): void
}

function holdGuard(hold: (() => Disposable) | undefined): HoldGuard {
  let held = hold?.()
  return {
    async released(work) {
      held?.[Symbol.dispose]()
      try {
        return await work()
      } finally {
        held = hold?.()
      }
    },
    end: () => held?.[Symbol.dispose](),
  }
}
