import type { Lab } from './lab.ts'
import { check, type Verdict } from './probe.ts'
import type { Scenario, Step, Symptom } from './schema.ts'
import { perform } from './steps.ts'

/** How often a symptom that does not show yet is looked at again, in lab time. */
const LOOK_EVERY_MS = 5_000
/** A goal is looked at less often: it may take long and must be sustained. */
const GOAL_EVERY_MS = 15_000

/** Starts a healthy lab as a scenario wants it, has the work done in it, and ends it. It decides how many of the labs that it is asked for there are at once. */
export type InScenarioLab = <T>(scenario: Scenario, work: (lab: Lab) => Promise<T>) => Promise<T>

export interface Finding {
  /** What was looked at, in words. */
  readonly what: string
  readonly pass: boolean
  readonly verdict: Verdict
}

export interface WayReport {
  readonly id: string
  readonly pass: boolean
  /** Why it did not pass; what the goal looked like. */
  readonly findings: readonly Finding[]
}

export interface ScenarioReport {
  readonly id: string
  readonly pass: boolean
  /** The trace hashes of all labs that were started, in order; absent where labs are not deterministic. */
  readonly hash: string | undefined
  readonly symptoms: readonly Finding[]
  readonly rejects: readonly WayReport[]
  readonly solutions: readonly WayReport[]
}

/** Waits until a symptom shows or its time is over; gives the last verdict. */
export async function until(lab: Lab, symptom: Symptom, withinMs = symptom.within): Promise<Verdict> {
  const endMs = lab.now() + withinMs
  for (;;) {
    const verdict = await check(lab, symptom)
    if (verdict.held || lab.now() >= endMs) return verdict
    await lab.pass(Math.min(LOOK_EVERY_MS, endMs - lab.now()))
  }
}

/**
 * Proves a scenario: without the fault the goal holds and no symptom shows; with it every symptom shows; every solution reaches the goal and keeps
 * it; no reject does. Each is tried in a lab of its own. When a lab fails, that is thrown after all labs have ended.
 */
export async function verifyScenario(scenario: Scenario, inLab: InScenarioLab): Promise<ScenarioReport> {
  const tried = <T>(work: (lab: Lab) => Promise<T>): Promise<Tried<T>> =>
    inLab(scenario, async (lab) => {
      for (const decoy of scenario.decoys) await lab.inject(decoy)
      return { result: await work(lab), hash: lab.traceHash?.() }
    })
  // What lasts longest comes first: a reject is watched until the goal's time is over.
  const rejected = scenario.rejects.map((way) => tried((lab) => tryWay(lab, scenario, way, false)))
  const solved = scenario.solutions.map((way) => tried((lab) => tryWay(lab, scenario, way, true)))
  const shown = tried((lab) => brokenFromHealthy(lab, scenario))
  await Promise.allSettled([shown, ...solved, ...rejected])
  const symptoms = await shown
  const [solutions, rejects] = [await Promise.all(solved), await Promise.all(rejected)]
  const ways = [...solutions, ...rejects]
  const hashes = [symptoms, ...ways].flatMap(({ hash }) => hash ?? [])
  return {
    id: scenario.id,
    pass: symptoms.result.every((finding) => finding.pass) && ways.every(({ result }) => result.pass),
    hash: hashes.length > 0 ? hashes.join('-') : undefined,
    symptoms: symptoms.result,
    rejects: rejects.map(({ result }) => result),
    solutions: solutions.map(({ result }) => result),
  }
}

interface Tried<T> {
  readonly result: T
  readonly hash: string | undefined
}

/** That everything is well without the faults, and that they show. */
async function brokenFromHealthy(lab: Lab, scenario: Scenario): Promise<Finding[]> {
  return [...(await baseline(lab, scenario)), ...(await breakdown(lab, scenario))]
}

/** Healthy without the fault: the goal and the controls come to hold, and nothing else shows. A start on a busy machine may have left its traces. */
async function baseline(lab: Lab, scenario: Scenario): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const wanted of scenario.goal.all) {
    const verdict = await until(lab, wanted, scenario.goal.within)
    findings.push({ what: `before the fault: ${describe(wanted)}`, pass: verdict.held, verdict })
  }
  for (const symptom of scenario.symptoms) {
    const verdict = symptom.control ? await until(lab, symptom, scenario.goal.within) : await check(lab, symptom)
    const what = symptom.control ? `before the fault: ${describe(symptom)}` : `not before the fault: ${describe(symptom)}`
    findings.push({ what, pass: verdict.held === symptom.control, verdict })
  }
  return findings
}

/** Injects the faults and waits for every symptom. */
async function breakdown(lab: Lab, scenario: Scenario): Promise<Finding[]> {
  for (const fault of scenario.faults) await lab.inject(fault)
  const findings: Finding[] = []
  for (const symptom of scenario.symptoms) {
    const verdict = await until(lab, symptom)
    findings.push({ what: `with the fault: ${describe(symptom)}`, pass: verdict.held, verdict })
  }
  return findings
}

async function tryWay(lab: Lab, scenario: Scenario, way: { id: string; steps: readonly Step[] }, mustWork: boolean): Promise<WayReport> {
  const shown = await brokenFromHealthy(lab, scenario)
  if (shown.some((finding) => !finding.pass)) return { id: way.id, pass: false, findings: shown }
  for (const step of way.steps) await perform(lab, step)
  const { reached, findings } = await goalReached(lab, scenario)
  return { id: way.id, pass: reached === mustWork, findings }
}

/** Whether everything of the goal comes to hold within its time and goes on to hold. */
async function goalReached(lab: Lab, scenario: Scenario): Promise<{ reached: boolean; findings: Finding[] }> {
  const { goal } = scenario
  const endMs = lab.now() + goal.within
  let since: number | undefined
  for (;;) {
    const findings: Finding[] = []
    for (const wanted of goal.all) {
      const verdict = await check(lab, wanted)
      findings.push({ what: describe(wanted), pass: verdict.held, verdict })
      if (!verdict.held) break
    }
    if (findings.every((finding) => finding.pass)) {
      since ??= lab.now()
      if (lab.now() - since >= goal.sustain) return { reached: true, findings }
    } else {
      since = undefined
      if (lab.now() >= endMs) return { reached: false, findings }
    }
    await lab.pass(GOAL_EVERY_MS)
  }
}

/** A symptom in words. */
export function describe(symptom: Symptom): string {
  switch (symptom.see) {
    case 'cli': {
      const wanted = [
        symptom.match === undefined ? '' : `${symptom.not ? 'lacks' : 'shows'} /${symptom.match}/`,
        symptom.exit === undefined ? '' : `exits ${symptom.exit}`,
      ]
      return `${symptom.host}: \`${symptom.run}\` ${wanted.filter((part) => part !== '').join(' and ')}`
    }
    case 'alert':
      return `${symptom.host}: the ${symptom.module} alert is ${symptom.is}`
    case 'cloud':
      return `${symptom.device} is ${symptom.registered ? '' : 'not '}registered with the cloud`
    case 'events': {
      const wanted = [
        symptom.lost === undefined ? '' : `${symptom.lost} events of it are lost`,
        symptom.arriving === undefined ? '' : `its events are ${symptom.arriving ? '' : 'not '}arriving`,
      ]
      return `${symptom.device}: ${wanted.filter((part) => part !== '').join(' and ')}`
    }
    case 'process':
      return `${symptom.host}: ${symptom.process} is ${symptom.is}`
  }
}
