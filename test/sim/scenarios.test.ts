import { expect, test } from 'vitest'
import type { ScenarioReport } from '../../shared/scenario/verify.ts'
import { loadScenarios, verify } from '../../services/lab/scenarios.ts'

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
