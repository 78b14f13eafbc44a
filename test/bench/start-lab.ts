import { startLab } from '../../services/lab/testing/index.ts'
import { handshakes } from './floors/tls-pair.ts'
import { countHandshakes } from './handshakes.ts'
import { median, timed, type Benchmark } from './measurement.ts'

/** `startLab()` in a warm process until FMC, one FTD and the cloud are healthy and the first event is stored. */
export const bench: Benchmark = async ({ quick }) => {
  const rounds = quick ? 1 : 20
  const warmUp = quick ? 0 : 5
  const starts: number[] = []
  const floors: number[] = []
  const kinds = await countHandshakes(() => start(0))
  for (let round = 1 - warmUp; round <= rounds; round++) {
    const startMs = await start(round)
    const floorMs = await timed(() => handshakes(kinds))
    if (round < 1) continue
    starts.push(startMs)
    floors.push(floorMs)
  }
  return [
    {
      what: `startLab() in a warm process, median of ${rounds}`,
      value: median(starts),
      unit: 'ms',
      budget: { limit: 150, is: 'most' },
      floor: { what: `its ${kinds.length} TLS handshakes alone`, value: median(floors) },
    },
  ]
}

/** Milliseconds until the lab was healthy; its end is not counted. */
async function start(seed: number): Promise<number> {
  const startMs = performance.now()
  await using _ = await startLab({ ftds: 1, seed })
  return performance.now() - startMs
}
