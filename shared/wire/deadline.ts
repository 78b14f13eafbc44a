import type { Clock } from '../kernel/clock.ts'

/** A time limit of emulated software was reached (not the kernel's ETIMEDOUT). */
export class DeadlineError extends Error {
  readonly code = 'EDEADLINE'
  readonly timeoutMs: number
  constructor(timeoutMs: number) {
    super(`timed out after ${timeoutMs} ms`)
    this.name = 'DeadlineError'
    this.timeoutMs = timeoutMs
  }
}

export interface Deadline extends Disposable {
  /** Aborts with `DeadlineError` when the time is over, or with the parent's reason when the parent is aborted first. */
  readonly signal: AbortSignal
}

/** Starts a limit of `timeoutMs` of lab time; none when undefined. Dispose it when the work is done. */
export function startDeadline(clock: Clock, timeoutMs: number | undefined, parent?: AbortSignal): Deadline {
  const controller = new AbortController()
  const onParent = (): void => controller.abort(parent!.reason)
  if (parent?.aborted) onParent()
  parent?.addEventListener('abort', onParent)
  const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => controller.abort(new DeadlineError(timeoutMs)))
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer?.[Symbol.dispose]()
      parent?.removeEventListener('abort', onParent)
    },
  }
}
