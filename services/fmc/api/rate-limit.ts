import type { Clock } from '../../../shared/kernel/clock.ts'
import { tooManyRequests } from './errors.ts'

const WINDOW_MS = 60_000

/**
 * Counts requests by client address in windows of one minute of lab time and throws 429 for those above the limit (numbers public P24, the window
 * is invented). Addresses in `unlimited` are not counted.
 */
export function createRateLimit(clock: Clock, perMinute: number, unlimited: readonly string[]): (address: string | undefined) => void {
  const windows = new Map<string, { readonly endsMs: number; count: number }>()
  const free = new Set(unlimited)
  return (address) => {
    if (address === undefined || free.has(address)) return
    const now = clock.uptimeMs()
    // Windows end in the order in which they began, so the ended ones come first.
    for (const [key, { endsMs }] of windows) {
      if (endsMs > now) break
      windows.delete(key)
    }
    let window = windows.get(address)
    if (!window) windows.set(address, (window = { endsMs: now + WINDOW_MS, count: 0 }))
    window.count += 1
    if (window.count > perMinute) throw tooManyRequests(perMinute)
  }
}
