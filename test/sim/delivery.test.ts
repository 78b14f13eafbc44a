import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { countEvents } from '../../services/lab/api/event-counts.ts'
import { EVENT_LOG } from '../../shared/contract/event.ts'
import { compareDelivery, untilAcknowledged } from '../support/delivery.ts'
import { endure, mishap, type Mishap } from '../support/mishaps.ts'
import { openLab, type OpenLab } from '../support/open-lab.ts'

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

test('the event log of a device that runs and runs stays small, and the books go on', { timeout: 120_000 }, async () => {
  await using lab = await openLab()
  for (let minutes = 0; minutes < 30; minutes += 5) {
    await lab.pass(300_000)
    expect(await bytesOfLog(lab)).toBeLessThan(600_000)
  }
  const detected = (await lab.eventLines('ftd1')).length
  expect(detected).toBeGreaterThan(1_800)
  expect(await countEvents(lab, await lab.hosts())).toEqual([{ device: 'ftd1', stored: detected, waiting: 0, lost: 0, repeated: 0 }])
  await lab.exec('ftd1', 'pmtool disablebyid SSEConnector')
  await lab.pass(60_000)
  expect(await countEvents(lab, await lab.hosts())).toMatchObject([{ stored: detected, waiting: 60, lost: 0 }])
  await lab.exec('ftd1', 'pmtool enablebyid SSEConnector')
  await untilAcknowledged(lab, 'ftd1', HEALED_WITHIN_MS)
  expect(await compareDelivery(lab, 'ftd1')).toMatchObject({ missing: [], surplus: [], altered: [] })
})

/** The log and what was set aside of it. */
async function bytesOfLog(lab: OpenLab): Promise<number> {
  const { stdout } = await lab.exec('ftd1', `cat ${EVENT_LOG} ${EVENT_LOG}.* | wc -c`, { shell: 'root' })
  return Number(stdout)
}
