import type { Readable } from 'node:stream'
import type { Output } from '../kernel/processes.ts'

export type HostKind = 'ftd' | 'fmc' | 'cloud' | 'dns' | 'gateway' | 'proxy'

/** The shells of an appliance: `>` (clish), `admin@ftd1:~$` (expert), `root@ftd1:~#` (root). */
export type ShellName = 'clish' | 'expert' | 'root'
export const SHELL_NAMES: readonly ShellName[] = ['clish', 'expert', 'root']

/** What a command printed and how it ended. */
export interface ExecResult {
  readonly exitCode: number
  /** Both streams in the order in which a terminal would have shown them. */
  readonly output: string
  /** In containers the two are one stream, and all of it is here, unless they were asked for `apart`. */
  readonly stdout: string
  readonly stderr: string
}

export interface ExecOptions {
  /** Without it: clish for what clish knows, root for everything else. */
  readonly shell?: ShellName
  /** Typed at the command's prompts. */
  readonly input?: string
  /** Aborting is Ctrl-C. */
  readonly signal?: AbortSignal
  /**
   * The two streams are wanted for themselves. In containers the order between them is lost then, for Docker carries each on its own way; a simulated host
   * always has both.
   */
  readonly apart?: boolean
}

export type ProcessState = 'Running' | 'Waiting' | 'Down' | 'User Disabled'

export interface ProcessStatus {
  /** As `pmtool` names it, e.g. `SSEConnector`. */
  readonly name: string
  readonly state: ProcessState
  readonly pid?: number
}

export interface HostHealth {
  readonly healthy: boolean
  /** What is not yet well, in words; empty when healthy. */
  readonly waitingFor: readonly string[]
  readonly processes: readonly ProcessStatus[]
}

/** A running host: an appliance, the cloud, or a piece of the customer's network. */
export interface Host extends AsyncDisposable {
  readonly name: string
  readonly kind: HostKind
  readonly address: string
  /** Looked up each time, never assumed. */
  health(): Promise<HostHealth>
  /** Runs one command line in one of the host's shells; absent on hosts without shells. */
  exec?(command: string, options?: ExecOptions): Promise<ExecResult>
  /** Opens an interactive session on a terminal (raw bytes both ways); resolves with the exit code when the session ends. */
  terminal?(session: TerminalSession): Promise<number>
}

export interface TerminalSession {
  readonly shell: ShellName
  /** Its end is the end of what is typed, as of a file that was piped in; every shell then takes it for Ctrl-D. A stream that closes before it has hung up. */
  readonly stdin: Readable
  /** Aborted when the other side has hung up. */
  readonly signal?: AbortSignal
  readonly stdout: Output
  readonly columns: number
}
