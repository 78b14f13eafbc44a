import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, timed, type Benchmark } from './measurement.ts'

const FTDLAB = join(import.meta.dirname, '../../bin/ftdlab.js')
const PACKAGE = join(import.meta.dirname, '../..')

/** `ftdlab up --detach` in a fresh folder until it returns, which it does when the lab is healthy. */
export const bench: Benchmark = async ({ quick }) => {
  const rounds = quick ? 1 : 5
  const ups: number[] = []
  const bare: number[] = []
  const withFastify: number[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await timed(() => node(['-e', '0'], PACKAGE)))
    withFastify.push(await timed(() => node(['--input-type=module', '-e', "await import('fastify')"], PACKAGE)))
    ups.push(await upAndDown())
  }
  const measured = { value: median(ups) / 1_000, unit: 's', budget: { limit: 1.5, is: 'most' } } as const
  return [
    {
      ...measured,
      what: `ftdlab up --detach in a fresh folder, median of ${rounds}`,
      floor: { what: 'node -e 0', value: median(bare) / 1_000 },
    },
    { ...measured, what: 'the same', floor: { what: 'node -e "import(\'fastify\')"', value: median(withFastify) / 1_000 } },
  ]
}

async function upAndDown(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ftdlab-bench-'))
  try {
    const realMs = await timed(() => node([FTDLAB, 'up', '--detach', '--port', '0', '--ftds', '1'], folder))
    await node([FTDLAB, 'down'], folder)
    return realMs
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs Node to its end; rejects with what it wrote to its standard error when it fails. */
async function node(args: readonly string[], cwd: string): Promise<void> {
  const { FTDLAB_HOME: _home, ...env } = process.env
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()))
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}: ${complaints}`)
}
