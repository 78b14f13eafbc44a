import { DeadlineError, startDeadline, type Deadline } from '../../../wire/deadline.ts'
import { EXIT } from './messages.ts'
import { failure, type Session } from './session.ts'

/** libcurl's limit for connecting when none is given. */
const DEFAULT_CONNECT_TIMEOUT_MS = 300_000

/** The clock of one transfer: `--max-time` counts from its beginning, `--connect-timeout` from the beginning of each connection. */
export interface TimeLimit {
  readonly session: Session
  readonly startedMs: number
  /** When the connection (or, on one that is used again, the request) was begun. */
  singleStartedMs: number
}

/** Begins a transfer's time. */
export function startTimeLimit(session: Session): TimeLimit {
  const startedMs = session.world.clock.uptimeMs()
  return { session, startedMs, singleStartedMs: startedMs }
}

/** Milliseconds since the connection was begun, as curl's messages count them. */
export function elapsedMs(limit: TimeLimit): number {
  return Math.round(limit.session.world.clock.uptimeMs() - limit.singleStartedMs)
}

/** Milliseconds left, or undefined without a limit. Negative or 0 when the time is over. */
export function leftMs(limit: TimeLimit, phase: 'connect' | 'transfer'): number | undefined {
  const { clock } = limit.session.world
  const { maxTimeMs, connectTimeoutMs } = limit.session.options
  const lefts: number[] = []
  if (maxTimeMs !== undefined) lefts.push(maxTimeMs - (clock.uptimeMs() - limit.startedMs))
  if (phase === 'connect') lefts.push((connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS) - (clock.uptimeMs() - limit.singleStartedMs))
  return lefts.length === 0 ? undefined : Math.min(...lefts)
}

/** Aborts when the phase's time is over (reason: `DeadlineError`), or when the program is interrupted. Dispose it when the phase is done. */
export function startPhase(limit: TimeLimit, phase: 'connect' | 'transfer'): Deadline {
  const left = leftMs(limit, phase)
  return startDeadline(limit.session.world.clock, left === undefined ? undefined : Math.max(0, left), limit.session.invocation.signal)
}

/** Whether this is a limit of ours that was reached. */
export function isTimeUp(error: unknown): boolean {
  return error instanceof DeadlineError
}

/** The failure of a transfer that had its connection and ran out of time. `received` of `expected` bytes of the body (undefined: unknown; 0 before the request). */
export function operationTimedOut(limit: TimeLimit, received: number, expected: number | undefined): Error {
  const of = expected === undefined ? `${received}` : `${received} out of ${expected}`
  return failure(limit.session, EXIT.timedOut, `Operation timed out after ${elapsedMs(limit)} milliseconds with ${of} bytes received`)
}
