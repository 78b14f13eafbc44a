import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// What `npm test` runs: types, lint, format, then every test that needs no container. Ends with one line that counts all of it.

const bin = (name: string) => join(import.meta.dirname, '../../node_modules/.bin', name)
const folder = mkdtempSync(join(tmpdir(), 'ftdlab-test-'))
const report = join(folder, 'vitest.json')
const { FORCE_COLOR: _color, ...env } = process.env

const checks: readonly (readonly [string, readonly string[]])[] = [
  ['tsc', ['-p', '.']],
  ['oxlint', ['--type-aware', '--deny-warnings', '.']],
  ['prettier', ['--check', '--log-level', 'warn', '.']],
]

let passed = 0
let failed = 0
let skipped = 0
for (const [tool, args] of checks) {
  const { status } = spawnSync(bin(tool), args, { stdio: 'inherit', env })
  if (status === 0) passed++
  else {
    failed++
    process.stdout.write(`${tool} ${args.join(' ')}: failed\n`)
  }
}

spawnSync(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env,
})
try {
  const result = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
    testResults: { status: string; assertionResults: unknown[]; name: string }[]
    success: boolean
  }
  passed += result.numPassedTests
  // A file that could not even be loaded has no tests of its own and counts as one failure.
  failed +=
    result.numFailedTests + result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
  skipped = result.numPendingTests
  if (!result.success && failed === 0) failed = 1
} catch (error) {
  process.stdout.write(`vitest left no report: ${(error as Error).message}\n`)
  failed++
}
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed === 0 ? 0 : 1
