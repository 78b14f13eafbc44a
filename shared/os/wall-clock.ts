import { readFileSync } from 'node:fs'
import { codeOf, errno } from '../kernel/errors.ts'
import type { Files } from '../kernel/files.ts'
import type { MapPath } from '../real/confine.ts'
import { watchPath } from '../real/watch.ts'

/**
 * How far a host's wall clock is ahead of lab time, in milliseconds; absent while it is right. A file, for no lab may touch the machine's own clock: all
 * processes of the host look at it, and it is there after a reboot. Not in /etc/ftdlab, which a container cannot write. (invented)
 */
const WALL_CLOCK_FILE = '/etc/ftdlab-clock'

/** A host's wall clock, which may be wrong. */
export interface WallClock extends Disposable {
  readonly aheadMs: number
  /** Sets it for all processes of the host. Rejects with EPERM when this one may not. */
  setAhead(aheadMs: number): Promise<void>
}

/** Opens the wall clock of the host whose files these are, and follows it until disposed. */
export function openWallClock(real: MapPath, files: Files): WallClock {
  let aheadMs = 0
  const read = (): void => {
    aheadMs = readAhead(real(WALL_CLOCK_FILE))
  }
  const watch = watchPath(WALL_CLOCK_FILE, real, read)
  read()
  return {
    get aheadMs() {
      return aheadMs
    },
    async setAhead(ms) {
      try {
        await files.write(WALL_CLOCK_FILE, `${ms}\n`, { mode: 0o644 })
      } catch (error) {
        if (codeOf(error) === 'EACCES') throw errno('EPERM', 'clock_settime')
        throw error
      }
      aheadMs = ms
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  }
}

function readAhead(path: string): number {
  try {
    const aheadMs = Number(readFileSync(path, 'utf8'))
    // Root may write anything there.
    return Number.isFinite(aheadMs) ? aheadMs : 0
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}
