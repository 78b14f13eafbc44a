import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareDelivery, untilAcknowledged } from '../support/delivery.ts'
import { endure, mishap, type Mishap } from '../support/mishaps.ts'
import { openLab } from '../support/open-lab.ts'

const SEED = Number(process.env['FTDLAB_TEST_SEED'] ?? 20_260_105)
const RUNS = Number(process.env['FTDLAB_TEST_RUNS'] ?? 12)
const HEALED_WITHIN_MS = 1_200_000
const TRAFFIC = [
  { type: 'connection', ratePerSecond: 0.5 },
  { type: 'intrusion', ratePerSecond: 0.5 },
] as const
/** What was found wrong once. */
const FOUND: [Mishap[], number][] = [
  // Batches without an acknowledgement, and then nobody to send them to: EventHandler asked again without end, and lab time stood still.
  [
    [
      { do: 'switch', what: 'ingest dropped' },
      { do: 'detect', type: 'file', count: 300 },
      { do: 'switch', what: 'cloud off' },
      { do: 'wait', ms: 60_000 },
    ],
    1,
  ],
]

test('whatever happens to a device, each of its events is in the cloud once, and as it was', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mishap, { minLength: 3, maxLength: 14 }), fc.nat(), async (mishaps, seed) => {
      await using lab = await openLab({ seed, traffic: () => TRAFFIC })
      await endure(lab, mishaps)
      await untilAcknowledged(lab, 'ftd1', HEALED_WITHIN_MS)
      const { meant, ...wrong } = await compareDelivery(lab, 'ftd1')
      expect(wrong).toEqual({ missing: [], surplus: [], altered: [] })
      expect(meant).toBeGreaterThan(0)
      await lab.sees({ see: 'events', device: 'ftd1', lost: 0 })
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true, examples: FOUND },
  )
})
