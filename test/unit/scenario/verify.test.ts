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

test('labs that end in another order than they were asked for are reported in that of the scenario', async () => {
  const { inLab, ended } = idleLabs(
    (index) => count - index,
    (index) => ({ result: index === 0 ? [] : { id: `lab ${index}`, pass: true, findings: [] }, hash: `h${index}` }),
  )
  const report = await verifyScenario(scenario, inLab)
  expect(ended).toEqual(Array.from({ length: count }, (_, index) => count - 1 - index))
  expect(report.hash).toBe(Array.from({ length: count }, (_, index) => `h${index}`).join('-'))
  expect([...report.solutions, ...report.rejects].map(({ id }) => id)).toEqual(
    Array.from({ length: count - 1 }, (_, index) => `lab ${index + 1}`),
  )
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
