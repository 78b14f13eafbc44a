/** Time on a lab host: the only thing that tells it, and the only way to wait. */
export interface Clock {
  /** What the host takes for the time of day, epoch milliseconds: lab time, unless the host's clock was set wrong. It may jump both ways. */
  now(): number
  /**
   * Sets the host's wall clock, for all its processes and over a reboot; `uptimeMs` and timers do not care. Rejects with EPERM when this process may
   * not (in the os World; in memory nobody is refused).
   */
  set(epochMs: number): Promise<void>
  /** Monotonic milliseconds; for timeouts and ages. */
  uptimeMs(): number
  /** Calls `fire` once, `delayMs` of lab time from now. Timers fire by deadline, then in the order they were made. Disposing cancels. */
  after(delayMs: number, fire: () => void): Disposable
  /** Resolves after `delayMs` of lab time. Rejects with the signal's reason when it is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}
