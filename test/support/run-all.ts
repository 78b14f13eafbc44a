import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineMissing } from './engine.ts'

// What `npm test` runs: types, lint, format, the tests that need no container, and those that do where a Docker engine answers. Ends with one line that counts
// all of it. Words after `npm test --` are vitest's, e.g. a file; then the containers are left out.

const bin = (name: string) => join(import.meta.dirname, '../../node_modules/.bin', name)
const folder = mkdtempSync(join(tmpdir(), 'ftdlab-test-'))
const { FORCE_COLOR: _color, ...env } = process.env
const words = process.argv.slice(2)

const checks: readonly (readonly [string, readonly string[]])[] = [
  ['tsc', ['-p', '.']],
  ['oxlint', ['--type-aware', '--deny-warnings', '.']],
  ['prettier', ['--check', '--log-level', 'warn', '.']],
]

let passed = 0
let failed = 0
let skipped = 0

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Runs vitest and counts its tests. */
function runTests(name: string, args: readonly string[]): void {
  const report = join(folder, `${name}.json`)
  spawnSync(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args], {
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
    // A file that could not even be loaded has no tests of its own and counts as one failure.
    const broken = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
    const failures = result.numFailedTests + broken
    passed += result.numPassedTests
    failed += !result.success && failures === 0 ? 1 : failures
    skipped += result.numPendingTests
  } catch (error) {
    say(`vitest left no report: ${(error as Error).message}`)
    failed++
  }
}

for (const [tool, args] of checks) {
  const { status } = spawnSync(bin(tool), args, { stdio: 'inherit', env })
  if (status === 0) passed++
  else {
    failed++
    say(`${tool} ${args.join(' ')}: failed`)
  }
}
runTests('tests', words)

const required = env.FTDLAB_REQUIRE_DOCKER === '1'
const missing = env.FTDLAB_REQUIRE_DOCKER === '0' ? 'FTDLAB_REQUIRE_DOCKER is 0' : engineMissing()
if (words.length > 0) say('left out: the tests of the containers, for other tests were named')
else if (missing === undefined) runTests('containers', ['--config', 'vitest.compose.config.ts'])
else {
  say(`left out: the tests of the containers (test/compose), for ${missing}`)
  if (required) {
    say('FTDLAB_REQUIRE_DOCKER=1 makes that a failure')
    failed++
  }
}

rmSync(folder, { recursive: true, force: true })
say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed === 0 ? 0 : 1
