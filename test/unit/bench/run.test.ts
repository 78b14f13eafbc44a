import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BENCHMARKS } from '../../bench/benchmarks.ts'

const RUN = join(import.meta.dirname, '../../bench/run.ts')

test('a quick run of a benchmark prints its measurement beside budget and floor', () => {
  const table = execFileSync(process.execPath, [RUN, '--quick', 'start-lab'], { encoding: 'utf8' })
  expect(table).toMatch(/startLab\(\) in a warm process.*\d ms.*≤ 150 ms.*(yes|NO).*TLS handshakes alone.*\d\.\d/)
})

test('an unknown benchmark is answered with those there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [RUN, 'nothing'], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toBe(`there is no benchmark nothing; the benchmarks are ${Object.keys(BENCHMARKS).join(', ')}\n`)
})
