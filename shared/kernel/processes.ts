import type { Readable } from 'node:stream'
import type { World } from './world.ts'

export type Signal = 'SIGTERM' | 'SIGKILL' | 'SIGINT' | 'SIGHUP'

/** What a program is started with. */
export interface Invocation {
  /** `argv[0]` is the program as it was called. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: Readable
  readonly stdout: Output
  readonly stderr: Output
  /** Aborted by SIGTERM, SIGINT or SIGHUP: end now, in good order. SIGKILL does not ask. */
  readonly signal: AbortSignal
}

export interface Output {
  write(text: string | Uint8Array): void
}

/** A program: runs in a World of its own and returns its exit code. A throw is a crash (exit code 1, reported in the lab's log). */
export type Program = (world: World, invocation: Invocation) => Promise<number>

/** The programs of a kind of host by absolute path, e.g. `/usr/bin/curl`. */
export type Programs = Readonly<Record<string, Program>>

export interface SpawnOptions {
  readonly args?: readonly string[]
  readonly user?: string
  /** The short name that `ps`, `netstat` and `lsof` show; the program's base name unless given. */
  readonly title?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: Readable
  readonly stdout?: Output
  readonly stderr?: Output
}

export interface Exit {
  /** The exit code, or null when a signal ended it: SIGKILL, or one whose abort the program let throw out of it. */
  readonly code: number | null
  readonly signal: Signal | null
}

export interface Child {
  readonly pid: number
  readonly exited: Promise<Exit>
  kill(signal: Signal): void
}

export interface ProcessRow {
  readonly pid: number
  readonly parentPid: number
  readonly user: string
  readonly command: string
  readonly args: readonly string[]
  /** By the host's clock as it is now: when that is set, what was started before moves along. */
  readonly startedMs: number
}

/** The processes of one host. */
export interface Processes {
  /** This World's own pid. */
  readonly pid: number
  /** Starts a program by absolute path. Rejects with ENOENT when the host has no such program. */
  spawn(program: string, options?: SpawnOptions): Promise<Child>
  /** Signals a process of this host. Rejects with ESRCH when there is none. */
  kill(pid: number, signal: Signal): Promise<void>
  list(): Promise<readonly ProcessRow[]>
}
