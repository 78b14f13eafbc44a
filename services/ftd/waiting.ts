/** Resolves when a program was told to end. */
export function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A doorbell: rings that come while nobody waits are remembered as one. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, at once when it has rung since the last wait. Rejects with the signal's reason. One waiter at a time. */
  rung(signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let isRung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      isRung = true
      wake?.()
    },
    rung(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        const done = () => {
          wake = undefined
          signal.removeEventListener('abort', abort)
        }
        const abort = () => {
          done()
          reject(signal.reason as Error)
        }
        wake = () => {
          done()
          isRung = false
          resolve()
        }
        if (isRung) return wake()
        signal.addEventListener('abort', abort)
      })
    },
  }
}
