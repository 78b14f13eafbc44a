/** Time in a lab: the only thing that tells it, and the only way to wait. All times are lab time. */
export interface Clock {
  /** Wall time, epoch milliseconds. */
  now(): number
  /** Monotonic milliseconds; for timeouts and ages. */
  uptimeMs(): number
  /** Calls `fire` once, `delayMs` of lab time from now. Timers fire by deadline, then in the order they were made. Disposing cancels. */
  after(delayMs: number, fire: () => void): Disposable
  /** Resolves after `delayMs` of lab time. Rejects with the signal's reason when it is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}
