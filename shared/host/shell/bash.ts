import type { Programs } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'
import { interpret, type Interpreter, type ShellState } from './bash-interpreter.ts'
import { type CommandTable, commandTable } from './commands.ts'
import type { Level, Outcome, Stdio } from './level.ts'
import { plainLine } from './plain-line.ts'
import { type PipeStage, runPipe } from './run-programs.ts'
import { commandOf, nestedShell } from './sudo.ts'

export interface BashOptions {
  readonly world: World
  /** The host's programs by absolute path; the shell finds them by base name. */
  readonly programs: Programs
  /** `admin` or `root`; prints in the prompt, and root may write everywhere. */
  readonly user: string
  /** Whether it starts in the user's home folder and says `logout` at its end. Default true. */
  readonly login?: boolean
  /** Where it starts when it is no login shell. */
  readonly cwd?: string
  /**
   * Keeps virtual time from running on. The interpreter works in the machine's time (it loads its parts when they are first needed), and what a line sees must
   * not depend on the machine's speed. Released while a program of the host runs.
   */
  readonly hold?: () => Disposable
}

const HOMES: Readonly<Record<string, string>> = { root: '/root' }

/**
 * The simulated bash of an appliance: `admin@ftd1:~$ ` or `root@ftd1:~# `. A line of programs, alone or joined by pipes, runs as processes of the host that
 * stream as a terminal shows it; every other line goes to the interpreter (see `interpret`). Unknown commands are answered as bash does, exit code 127.
 */
export function createBash(options: BashOptions): Level {
  return bashLevel(options, commandTable(options.programs))
}

function bashLevel(options: BashOptions, table: CommandTable): Level {
  const { world, user } = options
  const login = options.login ?? true
  const home = HOMES[user] ?? `/home/${user}`
  const interpreter: Interpreter = { world, table, hold: options.hold, runPrograms }
  const state: ShellState = {
    user,
    cwd: login ? home : (options.cwd ?? home),
    env: { HOME: home, USER: user, LOGNAME: user, SHELL: '/bin/bash', PATH: table.searchPath, TERM: 'xterm' },
    status: 0,
  }

  function runPrograms(line: string, stdio: Stdio): Promise<number> | undefined {
    const commands = plainLine(line)
    const stages = commands?.map((command): PipeStage | undefined => {
      const { words, user: runner } = commandOf(command.words, user)
      const path = table.program(words[0] ?? '', state.cwd)
      if (path === undefined) return undefined
      const columns = stdio.columns === undefined || commands.length > 1 ? {} : { COLUMNS: String(stdio.columns) }
      const env = { ...state.env, ...columns, PWD: state.cwd, USER: runner, LOGNAME: runner }
      return { call: { path, words, user: runner, cwd: state.cwd, env }, mergeStderr: command.mergeStderr }
    })
    return stages?.every((stage) => stage !== undefined) ? runPipe(world, stages, stdio) : undefined
  }

  async function run(line: string, stdio: Stdio): Promise<Outcome> {
    const commands = plainLine(line)
    const words = commands?.length === 1 ? commands[0]!.words : []
    if (words[0] === 'exit' || words[0] === 'logout') return { kind: 'leave', exitCode: Number(words[1] ?? state.status) & 255 }
    const nested = nestedShell(words, user)
    if (nested) return await enter(nested, stdio)

    const running = runPrograms(line, stdio)
    if (running) state.status = await running
    else if (line.trim() !== '' && (await interpret(line, stdio, state, interpreter))) return { kind: 'leave', exitCode: state.status }
    return { kind: 'done', exitCode: state.status }
  }

  async function enter(nested: NonNullable<ReturnType<typeof nestedShell>>, stdio: Stdio): Promise<Outcome> {
    if (nested.locked) {
      await stdio.ask('Password: ', { secret: true })
      stdio.stderr.write('su: Authentication failure\n')
      state.status = 1
      return { kind: 'done', exitCode: 1 }
    }
    if (nested.user !== 'root' && nested.user !== 'admin') {
      stdio.stderr.write(`su: user ${nested.user} does not exist\n`)
      state.status = 1
      return { kind: 'done', exitCode: 1 }
    }
    return { kind: 'enter', level: bashLevel({ ...options, user: nested.user, login: nested.login, cwd: state.cwd }, table) }
  }

  return {
    shell: user === 'root' ? 'root' : 'expert',
    farewell: login ? 'logout' : 'exit',
    async prompt() {
      const folder = state.cwd === home || state.cwd.startsWith(`${home}/`) ? `~${state.cwd.slice(home.length)}` : state.cwd
      return `${user}@${await shortHostname(world)}:${folder}${user === 'root' ? '#' : '$'} `
    },
    run,
  }
}

/** What bash's `\h` shows: /etc/hostname up to the first dot; `localhost` when there is none. */
async function shortHostname(world: World): Promise<string> {
  try {
    return (await world.files.read('/etc/hostname')).toString().trim().split('.')[0] || 'localhost'
  } catch {
    return 'localhost'
  }
}
