/** One line of the table. */
export interface Measurement {
  readonly what: string
  readonly value: number
  readonly unit: Unit
  /** Absent where the design sets none. */
  readonly budget?: Budget
  /** The least that the same work can cost, measured in the same process right before or after. Same unit as `value`. */
  readonly floor?: { readonly what: string; readonly value: number }
  /** Events that were given to a device and are not stored. */
  readonly lost?: number
  /** Events that are stored more than once. */
  readonly doubled?: number
}

/** `x`: lab seconds per real second. */
export type Unit = 'ms' | 's' | 'x' | 'events/s' | 'KiB'

export interface Budget {
  readonly limit: number
  /** Whether the value may be at most or must be at least the limit. */
  readonly is: 'most' | 'least'
}

export interface Options {
  /** So little work that the numbers mean nothing: shows that the benchmark still runs. */
  readonly quick: boolean
}

/** Measures something; runs in a process of its own. */
export type Benchmark = (options: Options) => Promise<readonly Measurement[]>

/** Whether a measurement keeps its budget; undefined when it has none. */
export function isMet({ value, budget }: Measurement): boolean | undefined {
  if (budget === undefined) return undefined
  return budget.is === 'most' ? value <= budget.limit : value >= budget.limit
}

/** How many times the floor's cost the work costs. */
export function costRatio({ value, unit, floor }: Measurement): number | undefined {
  if (floor === undefined) return undefined
  const isRate = unit === 'x' || unit === 'events/s'
  return isRate ? floor.value / value : value / floor.value
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Milliseconds of real time that the work takes. */
export async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}

/** Bytes that this process has of memory now. Garbage, and what the heap keeps for more of it, is given back first. Needs `--expose-gc`. */
export function residentBytes(): number {
  if (globalThis.gc === undefined) throw new Error('start this with --expose-gc')
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return process.memoryUsage.rss()
}
