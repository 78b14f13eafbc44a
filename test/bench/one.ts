import { BENCHMARKS } from './benchmarks.ts'

// Runs one benchmark in this process and prints what it measured as JSON: `node --expose-gc test/bench/one.ts NAME [--quick]`.

const [name = '', ...rest] = process.argv.slice(2)
const { bench } = await BENCHMARKS[name]!()
const measurements = await bench({ quick: rest.includes('--quick') })
process.stdout.write(`${JSON.stringify(measurements)}\n`)
