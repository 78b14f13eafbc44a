import type { NetInterface } from '../kernel/net.ts'
import type { AddressMap } from './address-map.ts'

/**
 * What a child process is told by the one that starts it, in its environment. `FTDLAB_PROCESS` is the process's row: the kernel keeps it as
 * long as the process lives, so that every process of a host can list all others without a table of their own that could be wrong.
 */
export const PROCESS_VARIABLE = 'FTDLAB_PROCESS'
export const WORLD_VARIABLE = 'FTDLAB_WORLD'

/** A child's log goes here, to the lab's log. It is shared by all of a lab's children and ends when the process that made it ends. */
export const LOG_FD = 3
/** A child says here that it can be signalled now, and, where it has an input, when it first reads that. */
export const READY_FD = 4
export const IS_READY = 'r'
export const READS_INPUT = 'i'

export interface ProcessMark {
  readonly host: string
  readonly command: string
  readonly args: readonly string[]
  readonly user: string
  /** Lab time. */
  readonly startedMs: number
}

export interface WorldBoot {
  readonly host: string
  readonly root: string
  readonly seed: number | string
  /** Names on the way to the process's random sequence. */
  readonly randomPath: string
  readonly speed: number
  readonly epochMs: number
  readonly entry: string
  /** The host's first process, which carries no mark. */
  readonly firstPid: number
  readonly interfaces: readonly NetInterface[]
  readonly addressMap?: AddressMap
  readonly ownsNetwork: boolean
}

/** What the child is to run. */
export interface ProgramBoot {
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly hasInput: boolean
}
