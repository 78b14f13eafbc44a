import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { codeOf, errno } from '../kernel/errors.ts'

/** Kernel clock ticks a second as /proc shows them (USER_HZ on every architecture that Node runs on). */
const TICKS_PER_SECOND = 100

/** A process as /proc shows it. */
export interface ProcProcess {
  readonly pid: number
  readonly parentPid: number
  /** The kernel's short name, at most 15 bytes. */
  readonly command: string
  readonly args: readonly string[]
  readonly userId: number
  readonly startedMs: number
  /** Reads one variable of the environment that it was started with. */
  variable(name: string): string | undefined
}

/** Every living process of the machine (of the container). Rejects with ENOTSUP where there is no /proc. */
export function procProcesses(): ProcProcess[] {
  if (!existsSync('/proc/self/stat')) throw errno('ENOTSUP', 'open', '/proc')
  const bootMs = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))![1]) * 1_000
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => whileItLives(() => procProcess(Number(name), bootMs)) ?? [])
}

function procProcess(pid: number, bootMs: number): ProcProcess | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name stands in brackets and may hold anything; the other fields follow its last bracket.
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  const [state, parent] = fields
  if (state === 'Z' || state === 'X') return undefined
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return {
    pid,
    parentPid: Number(parent),
    command: stat.slice(stat.indexOf('(') + 1, end),
    args: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '').split('\0'),
    userId: Number(/^Uid:\s+(\d+)/m.exec(status)![1]),
    startedMs: bootMs + (Number(fields[19]) * 1_000) / TICKS_PER_SECOND,
    variable: (name) =>
      whileItLives(() =>
        readFileSync(`/proc/${pid}/environ`, 'utf8')
          .split('\0')
          .find((entry) => entry.startsWith(`${name}=`))
          ?.slice(name.length + 1),
      ),
  }
}

/** A process's sockets: the inode and the file descriptor of each. */
export function procSocketFds(pid: number): { readonly inode: number; readonly fd: number }[] {
  const fds = whileItLives(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return fds.flatMap((fd) => {
    const match = /^socket:\[(\d+)\]$/.exec(whileItLives(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '')
    return match ? [{ inode: Number(match[1]), fd: Number(fd) }] : []
  })
}

/** A process may end, or belong to somebody else, while it is looked at: then there is nothing to see. */
function whileItLives<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return undefined
    throw error
  }
}

/** User names by id, from `/etc/passwd` text. */
export function parsePasswd(text: string): { readonly name: string; readonly userId: number; readonly groupId: number }[] {
  return text.split('\n').flatMap((line) => {
    const [name, , userId, groupId] = line.split(':')
    return name && userId && groupId ? [{ name, userId: Number(userId), groupId: Number(groupId) }] : []
  })
}
