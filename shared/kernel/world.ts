import type { Clock } from './clock.ts'
import type { Files } from './files.ts'
import type { Ipc } from './ipc.ts'
import type { Log } from './log.ts'
import type { Net } from './net.ts'
import type { Processes } from './processes.ts'
import type { Random } from './random.ts'

/**
 * Everything a program of a lab host may touch, and nothing else: no `Date`, no `setTimeout`, no `Math.random`,
 * no `node:net`, no `node:fs`. Two implementations exist (`shared/sim`, `shared/os`) and one contract suite holds for both.
 *
 * A World belongs to one process: what it opens is shown under that process's pid, and ends with it.
 */
export interface World {
  /** The host's name in the lab, e.g. `ftd1`. The name an appliance shows is its own configuration. */
  readonly host: string
  readonly clock: Clock
  readonly random: Random
  readonly net: Net
  readonly ipc: Ipc
  readonly files: Files
  readonly log: Log
  readonly processes: Processes
}
