import type { Output, Programs } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'
import type { ExecOptions, ExecResult, Host, ShellName } from '../host.ts'
import { createBash } from './bash.ts'
import { TEXT_COMMANDS } from './commands.ts'
import { type Clish, createClish, type ClishOptions } from './clish.ts'
import type { Level, Stdio } from './level.ts'
import { readLine } from './read-line.ts'
import { inputOf } from './run-programs.ts'
import { runSession } from './session.ts'

/** The shells of an appliance. Each `open` is a new one, as a new login is. */
export interface Shells {
  open(shell: ShellName): Level
  /** Whether `exec` gives a line to clish. */
  clishKnows(line: string): boolean
}

export interface ShellsOptions {
  readonly world: World
  readonly programs: Programs
  /** The appliance's commands; `expert` is how clish opens the admin's bash. */
  readonly clish: (expert: () => Level) => ClishOptions
  /** See `BashOptions.hold`. */
  readonly hold?: () => Disposable
}

/** The shells of an appliance with a clish of its own. */
export function createShells(options: ShellsOptions): Shells {
  const { world, programs, hold } = options
  const bash = (user: string) => createBash({ world, programs, user, ...(hold && { hold }) })
  const openClish = (): Clish => createClish(options.clish(() => bash('admin')))
  const clish = openClish()
  // `ping` and `reboot` are programs too, and as such they are root's unless more words make them clish's.
  const names = new Set<string>([...TEXT_COMMANDS, ...Object.keys(programs).map((path) => path.slice(path.lastIndexOf('/') + 1))])
  return {
    open: (shell) => (shell === 'clish' ? openClish() : bash(shell === 'root' ? 'root' : 'admin')),
    clishKnows: (line) => (clish.knows(line) && !names.has(line.trim())) || (clish.lacks(line) && !names.has(line.trim().split(/\s/)[0]!)),
  }
}

/**
 * Runs one command: in the shell that the options name, else in clish when clish knows it and as root when it does not. `input` is typed at the command's
 * prompts; when the command opens another shell (`expert`, `sudo su -`) the rest of it are lines for that shell.
 */
export async function execIn(shells: Shells, command: string, options: ExecOptions = {}): Promise<ExecResult> {
  const { stdout, stderr, result } = collect()
  const shell = options.shell ?? (shells.clishKnows(command) ? 'clish' : 'root')
  const signal = options.signal ?? new AbortController().signal
  const exitCode = await runIn(shells.open(shell), command, { stdin: inputOf(options.input ?? ''), stdout, stderr, signal })
  return { exitCode, ...result() }
}

/** The same in one shell, with streams: its exit code. */
export async function runIn(
  level: Level,
  command: string,
  streams: Pick<Stdio, 'stdin' | 'stdout' | 'stderr' | 'signal'>,
): Promise<number> {
  const { stdin, stdout, signal } = streams
  return await runLine(level, command, {
    ...streams,
    columns: undefined,
    async ask(prompt) {
      stdout.write(prompt)
      const line = await readLine(stdin, signal)
      stdout.write('\n')
      return line
    },
  })
}

async function runLine(level: Level, line: string, stdio: Stdio): Promise<number> {
  const outcome = await level.run(line, stdio)
  return outcome.kind === 'enter' ? await runScript(outcome.level, stdio) : outcome.exitCode
}

async function runScript(level: Level, stdio: Stdio): Promise<number> {
  let exitCode = 0
  for (;;) {
    const line = await readLine(stdio.stdin, stdio.signal)
    if (line === undefined) return exitCode
    // The lines that follow are the shell's; a program reads none of them.
    const outcome = await level.run(line, { ...stdio, stdin: inputOf('') })
    if (outcome.kind === 'leave') return outcome.exitCode
    exitCode = outcome.kind === 'enter' ? await runScript(outcome.level, stdio) : outcome.exitCode
  }
}

/** What a host with shells answers to `exec` and `terminal`. */
export function hostShells(shells: Shells): Required<Pick<Host, 'exec' | 'terminal'>> {
  return {
    exec: (command, options) => execIn(shells, command, options),
    terminal: (session) => runSession(session, shells.open(session.shell)),
  }
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString()
}

function collect() {
  const all: Buffer[] = []
  const into = (own: Buffer[]): Output => ({
    write: (text) => {
      const bytes = Buffer.from(text as Uint8Array)
      own.push(bytes)
      all.push(bytes)
    },
  })
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  return { stdout: into(out), stderr: into(err), result: () => ({ output: textOf(all), stdout: textOf(out), stderr: textOf(err) }) }
}
