import { loadScenarios, verify } from '../../services/lab/scenarios.ts'
import { timed, type Benchmark } from './measurement.ts'

/** Every scenario of the catalogue proved in virtual time: baseline, symptoms, rejects, solutions. */
export const bench: Benchmark = async ({ quick }) => {
  const ids = (await loadScenarios()).map(({ id }) => id)
  const chosen = quick ? ids.slice(0, 1) : ids
  const failed: string[] = []
  const realMs = await timed(() => verify(chosen, { onReport: ({ id, pass }) => void (pass || failed.push(id)) }))
  if (failed.length > 0) throw new Error(`not proved: ${failed.join(', ')}`)
  return [{ what: `${chosen.length} scenarios verified in sim`, value: realMs / 1_000, unit: 's', budget: { limit: 60, is: 'most' } }]
}
