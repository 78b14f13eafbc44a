import type { Scenario } from '../../../shared/scenario/schema.ts'
import { describe, type ScenarioReport, type WayReport } from '../../../shared/scenario/verify.ts'
import { explainFault } from '../../../shared/fault/catalogue.ts'
import { loadScenarios, scenariosNamed, verify, type VerifyOptions } from '../scenarios.ts'
import { paint, print, printJson, printTable } from './print.ts'

/** `ftdlab scenario ls`: the catalogue. Ids tell the answer, so only `--json` has them. */
export async function scenarioLs(options: { readonly json?: boolean }): Promise<number> {
  const scenarios = await loadScenarios()
  if (options.json === true) {
    printJson(scenarios.map(({ id, codename, title, difficulty, lab }) => ({ id, codename, title: title.en, difficulty, ftds: lab.ftds })))
    return 0
  }
  printTable(
    ['scenario', 'difficulty', 'FTDs', 'title'],
    scenarios.map(({ codename, difficulty, lab, title }) => [codename, String(difficulty), String(lab.ftds), title.en]),
  )
  return 0
}

/** `ftdlab scenario show`: what a learner is told; with `answers` everything else too. */
export async function scenarioShow(name: string, options: { readonly answers?: boolean; readonly json?: boolean }): Promise<number> {
  const scenario = (await scenariosNamed([name]))[0]!
  if (options.json === true) {
    printJson(scenario)
    return 0
  }
  const { codename, title, difficulty, lab, brief } = scenario
  print(paint.bold(title.en))
  print(`${codename}, difficulty ${difficulty} of 5; ${lab.ftds} FTD${lab.ftds === 1 ? '' : 's'}, region ${lab.region}`)
  print()
  print(brief.en.trim())
  if (options.answers === true) showAnswers(scenario)
  return 0
}

function showAnswers(scenario: Scenario): void {
  print()
  print(`id: ${scenario.id}    sources: ${scenario.sources.join(', ')}`)
  print('faults:')
  for (const fault of scenario.faults) print(`  ${explainFault(fault)}`)
  print('symptoms:')
  for (const symptom of scenario.symptoms) print(`  ${describe(symptom)}`)
  print(`solutions: ${scenario.solutions.map(({ id }) => id).join(', ')}`)
  print(`rejects: ${scenario.rejects.map(({ id }) => id).join(', ')}`)
  print()
  print(scenario.debrief.en.trim())
}

/** `ftdlab scenario verify`: proves scenarios in labs of its own, in virtual time or in containers; no lab need run. Exits 1 when one does not hold. */
export async function scenarioVerify(
  ids: readonly string[],
  { json, ...options }: Omit<VerifyOptions, 'onReport'> & { readonly json?: boolean },
): Promise<number> {
  const reports = await verify(ids, { ...options, ...(json !== true && { onReport: printReport }) })
  if (json === true) printJson({ scenarios: reports })
  const failed = reports.filter(({ pass }) => !pass)
  if (json !== true)
    print(
      failed.length === 0
        ? `all ${reports.length} hold`
        : `${failed.length} of ${reports.length} do not hold: ${failed.map(({ id }) => id).join(', ')}`,
    )
  return failed.length === 0 ? 0 : 1
}

function printReport({ id, pass, symptoms, solutions, rejects }: ScenarioReport): void {
  const counts = `${symptoms.length} findings, ${solutions.length} solutions, ${rejects.length} rejects`
  print(`${pass ? paint.green('holds') : paint.red('fails')}  ${id}    ${counts}`)
  for (const { what, verdict } of symptoms.filter((finding) => !finding.pass)) print(`  did not hold: ${what}; seen: ${verdict.observed}`)
  for (const way of solutions.filter((way) => !way.pass)) printWay('does not solve it', way)
  for (const way of rejects.filter((way) => !way.pass)) printWay('must not solve it', way)
}

function printWay(verdict: string, { id, findings }: WayReport): void {
  print(`  ${id} ${verdict}:`)
  for (const { what, pass, verdict: seen } of findings) print(`    ${pass ? 'held' : 'did not hold'}: ${what}; seen: ${seen.observed}`)
}
