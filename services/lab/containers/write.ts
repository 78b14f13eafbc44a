import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { EventType } from '../../../shared/contract/event.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import { labCertificates } from '../certificates.ts'
import { DEFAULT_TRAFFIC } from '../sim-lab.ts'
import { planContainers } from './plan.ts'

/** What Compose says of the lab, as words in the environment. */
const Asked = z.object({
  FTDLAB_FTDS: z.coerce.number().int().default(1),
  FTDLAB_REGION: z.enum(['us', 'eu', 'apj']).default('us'),
  FTDLAB_INTERNET_ACCESS: z.enum(['direct', 'proxy']).default('direct'),
  FTDLAB_SEED: z.coerce.number().int().default(1),
  /** What each device sees, as JSON by device name; the usual traffic when empty. */
  FTDLAB_TRAFFIC: z.string().default(''),
  LAB_SPEED: z.coerce.number().positive().max(1_000).default(1),
})

const Traffics = z.record(z.string(), z.array(z.strictObject({ type: EventType, ratePerSecond: z.number().min(0) })))

/**
 * The one-shot container that gives every other one its configuration: `FOLDER/HOST/config.json` and `FOLDER/HOST/network`, each HOST a volume that
 * only its own container has. A lab that was planned in the same way before keeps its certificates, since its appliances trust them.
 */
function writeConfigurations(folder: string, environment: NodeJS.ProcessEnv): void {
  const parsed = Asked.safeParse(environment)
  if (!parsed.success) throw new LabError('LAB_BAD_INPUT', `the lab cannot be planned: ${z.prettifyError(parsed.error)}`)
  const asked = parsed.data
  const traffic = asked.FTDLAB_TRAFFIC === '' ? undefined : Traffics.parse(JSON.parse(asked.FTDLAB_TRAFFIC))
  const options = {
    ftds: asked.FTDLAB_FTDS,
    region: asked.FTDLAB_REGION,
    internet: asked.FTDLAB_INTERNET_ACCESS,
    seed: asked.FTDLAB_SEED,
    traffic: traffic === undefined ? DEFAULT_TRAFFIC : (device: string) => traffic[device] ?? [],
  }
  const time = { speed: asked.LAB_SPEED, epochMs: Date.now() }
  const planned = `${JSON.stringify(asked)}\n`
  // Written last, so that a lab that was only half planned is planned again.
  const mark = join(folder, 'lab', 'planned.json')
  if (existsSync(mark) && readFileSync(mark, 'utf8') === planned) return
  for (const { host, network, config } of planContainers(options, labCertificates(time.epochMs), time)) {
    mkdirSync(join(folder, host), { recursive: true })
    writeFileSync(join(folder, host, 'network'), network)
    // Its container waits for this one, and must not see half of it.
    writeFileSync(join(folder, host, 'config.json.new'), JSON.stringify(config))
    renameSync(join(folder, host, 'config.json.new'), join(folder, host, 'config.json'))
  }
  writeFileSync(mark, planned)
}

writeConfigurations(process.argv[2] ?? '/config', process.env)
