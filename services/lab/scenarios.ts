import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import { parseScenario } from '../../shared/scenario/load.ts'
import type { Scenario } from '../../shared/scenario/schema.ts'
import { verifyScenario, type InScenarioLab, type ScenarioReport } from '../../shared/scenario/verify.ts'
import type { LabOptions } from './plan.ts'
import { DEFAULT_TRAFFIC, startSimLab } from './sim-lab.ts'

const FOLDER = join(import.meta.dirname, '../../scenarios')

/** Every scenario of the catalogue, by id. Throws LAB_BAD_INPUT with file, line and column of what is wrong. */
export async function loadScenarios(): Promise<Scenario[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort()
  const scenarios = await Promise.all(
    files.map(async (name) => parseScenario(await readFile(join(FOLDER, name), 'utf8'), `scenarios/${name}`)),
  )
  for (const [index, scenario] of scenarios.entries()) {
    if (`${scenario.id}.yaml` !== files[index])
      throw new LabError('LAB_BAD_INPUT', `scenarios/${files[index]}: its id is ${scenario.id}; file name and id must be the same`)
  }
  return scenarios
}

/** The scenarios with these ids, or all. Throws LAB_NO_SUCH_SCENARIO that lists the ids. */
export async function scenariosNamed(ids: readonly string[]): Promise<Scenario[]> {
  const all = await loadScenarios()
  if (ids.length === 0) return all
  return ids.map((id) => {
    const found = all.find((scenario) => scenario.id === id || scenario.codename === id)
    if (found === undefined)
      throw new LabError(
        'LAB_NO_SUCH_SCENARIO',
        `there is no scenario ${id}; the scenarios are ${oneOf(all.map((scenario) => scenario.id))}`,
      )
    return found
  })
}

/** Where scenarios are proved: in this process and virtual time, or in containers and real time. */
export type VerifyIn = 'sim' | 'compose'

export interface VerifyOptions {
  /** `sim` unless given. */
  readonly in?: VerifyIn
  readonly seed?: number
  /** How many labs there are at once; 1 in this process, where more would gain nothing, and as many as processors in containers, unless given. */
  readonly labs?: number
  /** Lab seconds a second, in containers. */
  readonly speed?: number
  /** Where the logs of containers are kept. */
  readonly logFolder?: string
  readonly onReport?: (report: ScenarioReport) => void
}

/**
 * Proves scenarios and tells of each as soon as it is done. The same scenario must come to the same verdicts everywhere. When a lab fails no other one is
 * started, and what failed is thrown after all have ended.
 */
export async function verify(ids: readonly string[], options: VerifyOptions = {}): Promise<ScenarioReport[]> {
  const { seed = 1, onReport, labs = options.in === 'compose' ? COMPOSED_LABS : 1 } = options
  // Once, and not by each of the labs that start together.
  if (options.in === 'compose') await (await import('./compose/images.ts')).buildImages()
  const limit = pLimit({ concurrency: labs, rejectOnClear: true })
  const failures: unknown[] = []
  const inLab: InScenarioLab = (scenario, work) =>
    limit(async () => {
      try {
        await using lab = await start(labOptions(scenario, seed), options)
        return await work(lab)
      } catch (error) {
        failures.push(error)
        limit.clearQueue()
        throw error
      }
    })
  const reports = (await scenariosNamed(ids)).map(async (scenario) => {
    const report = await verifyScenario(scenario, inLab)
    onReport?.(report)
    return report
  })
  await Promise.allSettled(reports)
  if (failures.length > 0) throw failures[0]
  return Promise.all(reports)
}

/** Labs of containers mostly wait, but the start of one takes a processor for a quarter of a minute: with more than this, labs slow each other down. */
const COMPOSED_LABS = availableParallelism()

async function start(lab: LabOptions, { in: place, speed, logFolder }: VerifyOptions): Promise<Lab> {
  if (place !== 'compose') return startSimLab(lab)
  const { startComposeLab } = await import('./compose/compose-lab.ts')
  return startComposeLab({ ...lab, ...(speed !== undefined && { speed }), ...(logFolder !== undefined && { logFolder }) })
}

/** The lab that a scenario asks for. */
export function labOptions(scenario: Scenario, seed: number): LabOptions {
  const { ftds, region, internet } = scenario.lab
  return { ftds, region, internet, seed, traffic: trafficOf(scenario) }
}

function trafficOf(scenario: Scenario): LabOptions['traffic'] {
  if (scenario.workload.length === 0) return DEFAULT_TRAFFIC
  return (device) =>
    scenario.workload
      .filter(({ on }) => on === device || (on.endsWith('*') && device.startsWith(on.slice(0, -1))))
      .map(({ events, rate }) => ({ type: events, ratePerSecond: Number.parseFloat(rate) }))
}
