import { accessSync, constants, readFileSync } from 'node:fs'
import type { Clock } from '../kernel/clock.ts'
import { codeOf, errno, LabError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Processes, ProcessRow, Programs, SpawnOptions } from '../kernel/processes.ts'
import { PROCESS_VARIABLE, type ProcessMark, type WorldBoot } from './boot.ts'
import type { Holdings } from './holdings.ts'
import type { LogSink } from './log.ts'
import { parsePasswd, procProcesses, type ProcProcess } from './procfs.ts'
import { startChild, type ChildStart } from './start-child.ts'
import type { WallClock } from './wall-clock.ts'

export interface OsProcessesOptions {
  readonly boot: WorldBoot
  readonly programs: Programs
  readonly clock: Clock
  readonly wall: WallClock
  readonly log: Log
  readonly holdings: Holdings
  /** Where children's log lines go, or the file descriptor through which they already do. */
  readonly childLog: LogSink | number
}

/**
 * A host's processes as the machine's. A program of the host's table runs in a Node process of its own; with the root `/` (a container)
 * the machine's own programs can be started, too, and every process of the container is listed.
 */
export function osProcesses(options: OsProcessesOptions): Processes {
  const { boot, programs, holdings } = options
  let spawned = 0
  const list = async (): Promise<readonly ProcessRow[]> => listProcesses(boot, options.wall.aheadMs)
  return {
    pid: process.pid,
    list,
    kill: async (pid, signal) => {
      if (!(await list()).some((row) => row.pid === pid)) throw errno('ESRCH', 'kill', String(pid))
      try {
        process.kill(pid, signal)
      } catch (error) {
        throw errno(codeOf(error) ?? 'EIO', 'kill', String(pid))
      }
    },
    spawn: async (program, spawn = {}) => {
      const kind = program in programs ? 'program' : 'executable'
      if (kind === 'executable' && (boot.root !== '/' || !isExecutable(program))) throw errno('ENOENT', 'spawn', program)
      const start = describe(options, program, spawn, ++spawned)
      const child = await startChild({ ...start, kind, childLog: options.childLog, log: options.log })
      const forget = holdings.add({
        close: async () => {
          child.kill('SIGKILL')
          await child.exited
        },
      })
      void child.exited.then(forget)
      return child
    },
  }
}

function describe({ boot, clock, wall }: OsProcessesOptions, program: string, spawn: SpawnOptions, number: number): ChildStart {
  const command = spawn.title ?? program.slice(program.lastIndexOf('/') + 1)
  const user = spawn.user ?? 'root'
  const startedMs = clock.now() - wall.aheadMs
  const mark: ProcessMark = { host: boot.host, command, args: [program, ...(spawn.args ?? [])], user, startedMs }
  return {
    mark,
    world: { ...boot, randomPath: `${boot.randomPath}/${command}#${number}` },
    program: { program, env: spawn.env ?? {}, cwd: spawn.cwd ?? '/', hasInput: spawn.stdin !== undefined },
    streams: spawn,
    identity: boot.root === '/' && process.getuid?.() === 0 ? identityOf(user) : undefined,
  }
}

/** Only a container has users of its own; elsewhere the name is a label. */
function identityOf(name: string): { readonly uid: number; readonly gid: number } {
  const user = parsePasswd(readFileSync('/etc/passwd', 'utf8')).find((entry) => entry.name === name)
  if (user === undefined)
    throw new LabError('LAB_BAD_INPUT', `there is no user ${name} in /etc/passwd of this container; add it to the image`)
  return { uid: user.userId, gid: user.groupId }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes(codeOf(error) ?? '')) return false
    throw error
  }
}

/** The host's processes, from /proc: those with its mark and its first one; in a container, all. */
function listProcesses(boot: WorldBoot, aheadMs: number): ProcessRow[] {
  const inContainer = boot.root === '/'
  const names = inContainer ? new Map(parsePasswd(readFileSync('/etc/passwd', 'utf8')).map((user) => [user.userId, user.name])) : undefined
  return procProcesses().flatMap((process) => {
    const mark = markOf(process)
    if (mark?.host === boot.host) {
      const { command, args, user, startedMs } = mark
      return [{ pid: process.pid, parentPid: process.parentPid, user, command, args, startedMs: startedMs + aheadMs }]
    }
    if (!inContainer && process.pid !== boot.firstPid) return []
    const { pid, parentPid, command, args, startedMs, userId } = process
    return [{ pid, parentPid, user: names?.get(userId) ?? 'root', command, args, startedMs: startedMs + aheadMs }]
  })
}

function markOf(process: ProcProcess): ProcessMark | undefined {
  const text = process.variable(PROCESS_VARIABLE)
  return text === undefined ? undefined : (JSON.parse(text) as ProcessMark)
}
