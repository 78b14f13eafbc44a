import { createSim } from '../../shared/sim/sim.ts'
import { startEstate, type Estate } from '../../services/lab/estate.ts'
import { labOf } from '../../services/lab/lab.ts'
import { missing } from '../../services/lab/sim-lab.ts'
import { handshakes, tlsPair, type ServerKind, type TlsPair } from './floors/tls-pair.ts'
import { countHandshakes } from './handshakes.ts'
import { residentBytes, timed, type Benchmark, type Measurement } from './measurement.ts'

const STEP_MS = 1_000
/** Lab time until the slowest device must be there. */
const LIMIT_MS = 120_000

/** How long a fleet takes until every device is registered and connected, and what it takes of memory. */
export const bench: Benchmark = async ({ quick }) => {
  const count = quick ? 5 : 1_000
  const pairs = quick ? 5 : 2_000
  const floorKiB = await pairKiB(pairs)
  const fleet = await startFleet(count)
  const floorMs = await timed(() => handshakes(fleet.handshakes))
  const perDevice = (fleet.handshakes.length / count).toFixed(1)
  const kinds = `${fleet.handshakes.length} bare TLS handshakes, ${perDevice} a device`
  return [
    {
      what: `${count} FTDs, each registered and connected`,
      value: fleet.realMs / 1_000,
      unit: 's',
      budget: { limit: 10, is: 'most' },
      floor: { what: kinds, value: floorMs / 1_000 },
    },
    {
      what: `memory of each of ${count} FTDs and of its part of FMC and cloud`,
      value: fleet.kibEach,
      unit: 'KiB',
      budget: { limit: 300, is: 'most' },
      floor: { what: `two bare TLS connections, both ends, of ${pairs}`, value: 2 * floorKiB },
    },
  ] satisfies Measurement[]
}

export interface Fleet {
  readonly realMs: number
  readonly kibEach: number
  readonly handshakes: readonly ServerKind[]
}

/** Starts a lab with so many devices, without traffic, until all are healthy; measures; and ends it. */
export async function startFleet(count: number): Promise<Fleet> {
  const options = { ftds: count, region: 'us', internet: 'direct', seed: 1, traffic: () => [] } as const
  // What the first lab of a process makes for all of them is no device's.
  await runEstate({ ...options, ftds: 1 }, async () => {})
  const beforeBytes = residentBytes()
  let realMs = 0
  let kibEach = 0
  const kinds = await countHandshakes(async () => {
    const startMs = performance.now()
    await runEstate(options, async () => {
      realMs = performance.now() - startMs
      kibEach = (residentBytes() - beforeBytes) / 1_024 / count
    })
  })
  return { realMs, kibEach, handshakes: kinds }
}

async function runEstate(options: Parameters<typeof labOf>[2], healthy: (estate: Estate) => Promise<void>): Promise<void> {
  const sim = createSim({ seed: 1 })
  const estate = await sim.run(() => startEstate(sim, options))
  const lab = labOf(sim, estate, options, { run: (work) => sim.run(work), pass: (durationMs) => sim.advance(durationMs) })
  await using _ = lab
  for (;;) {
    const waitingFor = await missing(lab, options)
    if (waitingFor.length === 0) break
    if (sim.clock.uptimeMs() > LIMIT_MS) throw new Error(`not all devices came up: ${waitingFor.slice(0, 3).join('; ')}`)
    await sim.advance(STEP_MS)
  }
  await healthy(estate)
}

/** What a bare TLS connection with both its ends takes. */
async function pairKiB(count: number): Promise<number> {
  await tlsPair('cloud')
  const beforeBytes = residentBytes()
  const pairs: TlsPair[] = []
  for (let i = 0; i < count; i++) pairs.push(await tlsPair(i % 2 === 0 ? 'cloud' : 'fmc'))
  const kib = (residentBytes() - beforeBytes) / 1_024 / count
  for (const { client, server } of pairs) {
    client.destroy()
    server.destroy()
  }
  return kib
}
