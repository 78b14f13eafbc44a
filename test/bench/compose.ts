import { dockerSays } from '../../services/lab/compose/docker.ts'
import { startComposeLab } from '../../services/lab/compose/compose-lab.ts'
import { buildImages } from '../../services/lab/compose/images.ts'
import { median, timed, type Benchmark } from './measurement.ts'

/** As many containers as such a lab has, in two networks, that only sleep. */
const SLEEPERS = JSON.stringify({
  services: Object.fromEntries(
    Array.from({ length: 7 }, (_, index) => [
      `sleeper${index}`,
      { image: 'ftdlab-host', init: true, entrypoint: ['sleep', 'infinity'], healthcheck: { disable: true }, networks: ['a', 'b'] },
    ]),
  ),
  networks: { a: {}, b: {} },
})
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
    bare.push(await timed(() => sleepers('up', '--detach')))
    await sleepers('down', '--timeout', '0')
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
      floor: { what: '7 containers that sleep', value: median(bare) / 1_000 },
    },
    { what: 'memory of its containers', value: median(memory), unit: 'KiB' },
  ]
}

async function sleepers(...words: readonly string[]): Promise<void> {
  await dockerSays(['compose', '--project-name', `ftdlab-bench-${process.pid}`, '--file', '-', ...words], { input: SLEEPERS })
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
