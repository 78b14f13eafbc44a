import { startSimLab } from '../../../services/lab/sim-lab.ts'
import type { OperatedLab } from '../../../services/lab/operated-lab.ts'

/** A simulated lab with the face of an embedded one: for the API, which cannot tell them apart. Its time moves only while it is asked something. */
export async function simAsEmbedded(): Promise<OperatedLab> {
  const lab = await startSimLab({ ftds: 2 })
  const timing = { speed: 10, paused: false }
  return Object.assign(lab, {
    caPem: '',
    timing,
    setSpeed: (speed: number) => void (timing.speed = speed),
    pause: () => void (timing.paused = true),
    resume: () => void (timing.paused = false),
    dial: () => Promise.reject(new Error('not dialled here')),
    terminal: () => Promise.reject(new Error('no terminal here')),
    healthy: async () => ({ healthy: true, waitingFor: [] }),
  })
}
