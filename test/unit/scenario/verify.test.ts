import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { loadScenarios } from '../../../services/lab/scenarios.ts'
import { verifyScenario, type InScenarioLab } from '../../../shared/scenario/verify.ts'

const scenario = (await loadScenarios())[0]!
const count = 1 + scenario.solutions.length + scenario.rejects.length

/** Labs in which nothing happens, all at once; each ends after as many turns as `turnsOf` says, with what was found in it. */
function idleLabs(turnsOf: (index: number) => number, found: (index: number) => unknown) {
  const ended: number[] = []
  let started = 0
  const inLab = (async () => {
    const index = started++
    for (let i = 0; i < turnsOf(index); i++) await turn()
    ended.push(index)
    return found(index)
  }) as InScenarioLab
  return { inLab, ended }
}

test('labs are reported in the order of the scenario, in whatever order they end', async () => {
  const [solutions, rejects] = [scenario.solutions.map(({ id }) => id), scenario.rejects.map(({ id }) => id)]
  // Those that are watched longest are asked for first.
  const asked = [...rejects, ...solutions, 'the fault']
  const { inLab, ended } = idleLabs(
    (index) => count - index,
    (index) => ({ result: index === count - 1 ? [] : { id: asked[index], pass: true, findings: [] }, hash: asked[index] }),
  )
  const report = await verifyScenario(scenario, inLab)
  expect(ended).toEqual(asked.map((_, index) => count - 1 - index))
  expect(report.hash).toBe(['the fault', ...solutions, ...rejects].join('-'))
  expect(report.solutions.map(({ id }) => id)).toEqual(solutions)
  expect(report.rejects.map(({ id }) => id)).toEqual(rejects)
  expect(report.pass).toBe(true)
})

test('a lab that fails is told of after the others have ended', async () => {
  const { inLab, ended } = idleLabs(
    (index) => index,
    (index) => {
      if (index === 1) throw new Error('no such engine')
      return { result: [], hash: undefined }
    },
  )
  await expect(verifyScenario(scenario, inLab)).rejects.toThrow('no such engine')
  expect(ended).toHaveLength(count)
})
