import { spawnSync } from 'node:child_process'
import type { Benchmark } from './measurement.ts'

/** Every benchmark by name, loaded only where it runs: each has a process of its own, so that none is measured in another's heap. */
export const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly bench: Benchmark }>>> = {
  'start-lab': () => import('./start-lab.ts'),
  'up-cold': () => import('./up-cold.ts'),
  'lab-time': () => import('./lab-time.ts'),
  devices: () => import('./devices.ts'),
  events: () => import('./events.ts'),
  'events-killed': () => import('./events-killed.ts'),
  catalogue: () => import('./catalogue.ts'),
  linear: () => import('./linear.ts'),
  ...(engineAnswers() && { compose: () => import('./compose.ts') }),
}

/** Whether there can be containers here. */
function engineAnswers(): boolean {
  return [['version'], ['compose', 'version']].every((words) => spawnSync('docker', words, { stdio: 'ignore' }).status === 0)
}
