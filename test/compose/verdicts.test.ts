import { beforeAll, describe, expect, test } from 'vitest'
import { startComposeLab } from '../../services/lab/compose/compose-lab.ts'
import { buildImages } from '../../services/lab/compose/images.ts'
import { loadScenarios, verify } from '../../services/lab/scenarios.ts'
import { startSimLab } from '../../services/lab/sim-lab.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import type { Finding, ScenarioReport } from '../../shared/scenario/verify.ts'
import { withEngine } from './with-engine.ts'
import { masked } from './masked.ts'

/** Real time passes in containers: the whole catalogue takes an hour. */
const SOME = ['dns-wrong-server', 'socket-missing']
const WITHIN_MS = 900_000

const ids = process.env.FTDLAB_ALL_SCENARIOS === '1' ? (await loadScenarios()).map(({ id }) => id) : SOME

/** What was decided, and what was seen where something did not hold. */
const decided = ({ id, pass, symptoms, solutions, rejects }: ScenarioReport) => ({
  id,
  pass,
  findings: symptoms.map(finding),
  ways: [...solutions, ...rejects].map((way) => ({ id: way.id, pass: way.pass, seen: way.pass ? [] : way.findings.map(finding) })),
})
const finding = ({ what, pass, verdict }: Finding) => (pass ? `held: ${what}` : `did not hold: ${what}; seen: ${verdict.observed}`)

/** The documents' commands, as they are typed in a healthy estate. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  fmc: ['curl -v -k https://api-sse.cisco.com', 'curl -v -k https://est.sco.cisco.com', 'nslookup api-sse.cisco.com'],
  ftd1: [
    'show network',
    'show managers',
    'curl -v -k https://api-sse.cisco.com',
    'curl -v -k https://est.sco.cisco.com',
    'curl -v -k https://eventing-ingest.sse.itd.cisco.com',
    'curl -v -k https://mx01.sse.itd.cisco.com',
    'nslookup api-sse.cisco.com',
    'cat /ngfw/etc/sf/connector.properties',
    'netstat -anlp | grep EventHandler_SSEConnector.sock',
    'lsof -i | grep conn',
    'pmtool status',
  ],
}

/** These list the kernel's tables in the kernel's order. */
const KERNEL_ORDER = /^(netstat|lsof)/

describe.runIf(withEngine)('containers and simulation', () => {
  beforeAll(() => buildImages())

  test('print the same for the commands of the documents', { timeout: WITHIN_MS }, async () => {
    const print = async (lab: Lab) => {
      const printed: Record<string, string> = {}
      for (const [host, commands] of Object.entries(COMMANDS))
        for (const command of commands)
          printed[`${host}: ${command}`] = masked((await lab.exec(host, command)).output, KERNEL_ORDER.test(command))
      return printed
    }
    await using sim = await startSimLab()
    await using composed = await startComposeLab({ speed: 1 })
    expect(await print(composed)).toEqual(await print(sim))
  })

  /** Proved side by side, since they mostly wait. */
  let inContainers: Promise<ScenarioReport[]> | undefined

  test.each(ids)('come to the same verdicts: %s', { timeout: ids.length * WITHIN_MS }, async (id) => {
    const [simulated] = await verify([id])
    const composed = await (inContainers ??= verify(ids, { in: 'compose' }))
    expect(decided(composed.find((report) => report.id === id)!)).toEqual(decided(simulated!))
  })
})
