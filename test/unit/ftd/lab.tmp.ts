import { startSimLab } from '../../../services/lab/sim-lab.ts'
const n = Number(process.argv[2] ?? 1)
const t0 = performance.now()
const m0 = process.memoryUsage()
const lab = await startSimLab({ ftds: n })
console.log(n, 'healthy in ms', (performance.now() - t0).toFixed(0))
globalThis.gc?.(); globalThis.gc?.()
const m1 = process.memoryUsage()
console.log('KiB a device', ((m1.rss - m0.rss) / 1024 / n).toFixed(0), 'heap', ((m1.heapUsed - m0.heapUsed) / 1024 / n).toFixed(0), 'ext', ((m1.external - m0.external) / 1024 / n).toFixed(0))
for (let i = 0; i < 3; i++) {
  const t1 = performance.now(); const s = n > 100 ? 10 : 300
  await lab.pass(s * 1000)
  console.log(`x${(s * 1000 / (performance.now() - t1)).toFixed(0)}`)
}
await lab[Symbol.asyncDispose]()
