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
  let waiter: { readonly resolve: () => void; readonly reject: (reason: Error) => void } | undefined
  // A program waits thousands of times with one signal: to listen anew each time would cost more than the wait.
  let heard: AbortSignal | undefined

  function take(): typeof waiter {
    const taken = waiter
    waiter = undefined
    return taken
  }

  return {
    ring() {
      if (waiter === undefined) isRung = true
      else take()!.resolve()
    },
    rung(signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        if (isRung) {
          isRung = false
          return resolve()
        }
        waiter = { resolve, reject }
        if (heard === signal) return
        heard = signal
        signal.addEventListener('abort', () => heard === signal && take()?.reject(signal.reason as Error), { once: true })
      })
    },
  }
}
