import { expect, test } from 'vitest'
import { Symptom } from '../../shared/scenario/schema.ts'
import { until, verifyScenario, type ScenarioReport } from '../../shared/scenario/verify.ts'
import { labOptions, loadScenarios, scenariosNamed, verify } from '../../services/lab/scenarios.ts'
import { startSimLab } from '../../services/lab/sim-lab.ts'

const SEED = 20_260_105

/** Which part of a report did not pass, with what was seen. */
function shortcomings(report: ScenarioReport): string[] {
  const findings = report.symptoms.filter((finding) => !finding.pass).map((finding) => `${finding.what}\n${finding.verdict.observed}`)
  const ways = [...report.solutions.map((way) => ['solution', way] as const), ...report.rejects.map((way) => ['reject', way] as const)]
  const wrong = ways
    .filter(([, way]) => !way.pass)
    .map(([kind, way]) => `${kind} ${way.id}: ${way.findings.map((finding) => `${finding.what}: ${finding.verdict.observed}`).join('\n')}`)
  return [...findings, ...wrong]
}

for (const scenario of await loadScenarios()) {
  test(`scenario ${scenario.id}: healthy without its fault, broken with it, healed by each solution and by no reject (seed ${SEED})`, async () => {
    const report = (await verify([scenario.id], { seed: SEED }))[0]!
    expect(shortcomings(report)).toEqual([])
    expect(report.pass).toBe(true)
  })
}

test('a device that is only just recovering from a start on a busy machine is waited for before the fault', async () => {
  const scenario = (await scenariosNamed(['dns-wrong-server']))[0]!
  const report = await verifyScenario(scenario, async (_scenario, work) => {
    await using lab = await startSimLab(labOptions(scenario, SEED))
    const { id } = await lab.inject({ kind: 'device.dns', host: 'ftd2', servers: [] })
    const red = Symptom.parse({ see: 'alert', host: 'ftd2', module: 'cloud-configuration', is: 'red', within: '15m' })
    expect(await until(lab, red)).toMatchObject({ held: true })
    await lab.cure(id)
    return await work(lab)
  })
  expect(shortcomings(report)).toEqual([])
})
