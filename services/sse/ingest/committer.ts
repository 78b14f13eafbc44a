import type { DeviceBatch } from '../state/events.ts'

/** One batch that waits to be stored. */
export interface Waiting extends DeviceBatch {
  /** Called after the batch is durable. */
  readonly stored: () => void
  /** Called instead when it could not be stored. */
  readonly failed: (error: unknown) => void
}

/**
 * Group commit: everything that arrived since the last turn of the event loop, from whichever devices, becomes one transaction, so that one
 * flush of the disk serves them all.
 */
export interface Committer {
  add(waiting: Waiting): void
  /** Stores what waits now. */
  flush(): void
}

export function createCommitter(store: (batches: readonly DeviceBatch[]) => void): Committer {
  let queue: Waiting[] = []
  let scheduled = false

  function flush(): void {
    if (queue.length === 0) return
    const batches = queue
    queue = []
    try {
      store(batches)
    } catch (error) {
      for (const { failed } of batches) failed(error)
      return
    }
    for (const { stored } of batches) stored()
  }

  return {
    add(waiting) {
      queue.push(waiting)
      if (scheduled) return
      scheduled = true
      setImmediate(() => {
        scheduled = false
        flush()
      })
    },
    flush,
  }
}
