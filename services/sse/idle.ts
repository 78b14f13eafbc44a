import type { Clock } from '../../shared/kernel/clock.ts'

/** Ends members that stay longer than the timeout; one timer for all of them, because all wait equally long. */
export interface IdleReaper<T> extends Disposable {
  /** Starts the member's wait, or starts it anew. */
  add(member: T): void
  remove(member: T): void
}

/** `end` is called once for each member that was neither removed nor added anew for `timeoutMs` of lab time. */
export function createIdleReaper<T>(clock: Clock, timeoutMs: number, end: (member: T) => void): IdleReaper<T> {
  // Members in the order of their deadlines: each is put at the end with the longest one.
  const deadlines = new Map<T, number>()
  let timer: Disposable | undefined

  function arm(): void {
    const first = deadlines.values().next()
    if (timer !== undefined || first.done) return
    timer = clock.after(Math.max(0, first.value - clock.uptimeMs()), reap)
  }

  function reap(): void {
    timer = undefined
    const now = clock.uptimeMs()
    for (const [member, deadline] of deadlines) {
      if (deadline > now) break
      deadlines.delete(member)
      end(member)
    }
    arm()
  }

  return {
    add(member) {
      deadlines.delete(member)
      deadlines.set(member, clock.uptimeMs() + timeoutMs)
      arm()
    },
    remove(member) {
      deadlines.delete(member)
      if (deadlines.size > 0 || timer === undefined) return
      timer[Symbol.dispose]()
      timer = undefined
    },
    [Symbol.dispose]() {
      deadlines.clear()
      timer?.[Symbol.dispose]()
      timer = undefined
    },
  }
}
