import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BENCHMARKS } from './benchmarks.ts'
import type { Measurement } from './measurement.ts'
import { renderTable } from './table.ts'

// What `npm run bench` runs: every benchmark, or those that are named (`npm run bench -- compose`), one after the other, each in a process of its own; then one
// table. The exit code tells whether events were lost or doubled, or a benchmark broke; a missed budget is for people to judge, for it may be the machine's fault.

const names = Object.keys(BENCHMARKS)
const {
  values: { quick },
  positionals: chosen,
} = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } })
const unknown = chosen.find((name) => !names.includes(name))

if (unknown === undefined) process.exitCode = await runAll(chosen.length > 0 ? chosen : names)
else {
  process.stderr.write(`there is no benchmark ${unknown}; the benchmarks are ${names.join(', ')}\n`)
  process.exitCode = 1
}

async function runAll(chosen: readonly string[]): Promise<number> {
  const measurements: Measurement[] = []
  let isBroken = false
  for (const name of chosen) {
    if (process.stderr.isTTY) process.stderr.write(`${name} …\n`)
    const measured = await runOne(name)
    if (measured === undefined) isBroken = true
    else measurements.push(...measured)
  }
  process.stdout.write(renderTable(measurements))
  return isBroken || measurements.some(({ lost = 0, doubled = 0 }) => lost > 0 || doubled > 0) ? 1 : 0
}

/** What a benchmark measured, or undefined when it broke; why it did is on the standard error then. */
async function runOne(name: string): Promise<readonly Measurement[] | undefined> {
  // Node takes certificates of the environment at its start, which costs more than some of what is measured.
  const { NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env
  const args = ['--expose-gc', join(import.meta.dirname, 'one.ts'), name, ...(quick ? ['--quick'] : [])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const printed = await text(child.stdout)
  return (await exited) === 0 ? (JSON.parse(printed) as Measurement[]) : undefined
}
