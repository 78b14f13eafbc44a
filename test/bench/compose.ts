import { dockerSays } from '../../services/lab/compose/docker.ts'
import { startComposeLab } from '../../services/lab/compose/compose-lab.ts'
import { buildImages } from '../../services/lab/compose/project.ts'
import { median, timed, type Benchmark } from './measurement.ts'

const KIB = 1_024
const UNITS: Readonly<Record<string, number>> = { KiB: 1, MiB: KIB, GiB: KIB * KIB }

/** A lab of containers with one FTD, images built: until it is healthy, and the memory of all its containers then. */
export const bench: Benchmark = async ({ quick }) => {
  await buildImages()
  const rounds = quick ? 1 : 3
  const starts: number[] = []
  const bare: number[] = []
  const memory: number[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await timed(() => dockerSays(['run', '--rm', '--network', 'none', '--entrypoint', 'node', 'ftdlab-host', '-e', '0'])))
    const startMs = performance.now()
    await using lab = await startComposeLab({ ftds: 1 })
    starts.push(performance.now() - startMs)
    memory.push(await memoryKib(lab.project))
  }
  return [
    {
      what: `startComposeLab({ ftds: 1 }) until healthy, median of ${rounds}`,
      value: median(starts) / 1_000,
      unit: 's',
      budget: { limit: 8, is: 'most' },
      floor: { what: 'docker run … node -e 0', value: median(bare) / 1_000 },
    },
    { what: 'memory of its containers', value: median(memory), unit: 'KiB' },
  ]
}

async function memoryKib(project: string): Promise<number> {
  const ids = (await dockerSays(['ps', '--quiet', '--filter', `label=com.docker.compose.project=${project}`])).trim().split('\n')
  const used = await dockerSays(['stats', '--no-stream', '--format', '{{.MemUsage}}', ...ids])
  return used
    .trim()
    .split('\n')
    .map((line) => /^([\d.]+)(\w+)/.exec(line)!)
    .reduce((sum, [, value, unit]) => sum + Number(value) * (UNITS[unit!] ?? 0), 0)
}
