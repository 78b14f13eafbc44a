import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RegionId } from '../../shared/contract/region.ts'
import type { TerminalSession } from '../../shared/host/host.ts'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'
import type { Log } from '../../shared/kernel/log.ts'
import { folderFiles } from '../../shared/real/folder-files.ts'
import { confineTo } from '../../shared/real/confine.ts'
import { zeromqIpc } from '../../shared/real/zeromq-ipc.ts'
import type { OutsideIpc } from '../../shared/sim/ipc-outside.ts'
import { pace, type Pacer } from '../../shared/sim/pace.ts'
import { createSim } from '../../shared/sim/sim.ts'
import { dialName } from '../../shared/wire/dial.ts'
import { startEstate } from './estate.ts'
import { labOf, type Drive } from './lab.ts'
import { knownNames, type OperatedLab } from './operated-lab.ts'
import type { LabOptions } from './plan.ts'
import { DEFAULT_TRAFFIC, missing, untilHealthy } from './sim-lab.ts'

/** Hosts whose files somebody may want to look at with the machine's own tools. */
const WITH_FILES = /^(ftd\d+|fmc)$/

type Holds = Parameters<OutsideIpc>[0]

export interface EmbeddedOptions {
  readonly ftds: number
  readonly region: RegionId
  readonly seed: number
  /** Lab seconds per real second. */
  readonly speed: number
  /** Hosts keep their files and sockets below `hosts/`, the cloud its database in `sse.sqlite`. Must be empty of both. */
  readonly folder: string
  readonly log: Log
  readonly progress: (line: string) => void
}

/** Starts the embedded lab, with real folders and real ZeroMQ sockets for its devices: as fast as the machine can until it is healthy, and paced from then on. A failed start leaves nothing running. */
export async function startEmbeddedLab(options: EmbeddedOptions): Promise<OperatedLab> {
  const { folder, progress } = options
  const full: LabOptions = { ftds: options.ftds, region: options.region, internet: 'direct', seed: options.seed, traffic: DEFAULT_TRAFFIC }
  const sim = createSim({ seed: full.seed, startMs: Date.now(), log: options.log })
  let pacer: Pacer | undefined
  const drive: Drive = {
    // Until the pacer runs, whoever waits moves time; afterwards it moves by itself.
    run: (work) => (pacer === undefined ? sim.run(work) : work()),
    pass: (durationMs) => (pacer === undefined ? sim.advance(durationMs) : pacer.skip(durationMs)),
  }
  try {
    mkdirSync(folder, { recursive: true })
    const outside = (host: string) => {
      if (!WITH_FILES.test(host)) return undefined
      const root = join(folder, 'hosts', host)
      mkdirSync(root, { recursive: true })
      const inside = confineTo(root)
      const now = () => sim.host(host)!.world.clock.now()
      return { files: folderFiles(root, { now }), ipc: (holds: Holds) => zeromqIpc(inside, { holds }) }
    }
    const estate = await sim.run(() => startEstate(sim, { ...full, outside, databasePath: join(folder, 'sse.sqlite'), progress }))
    const lab = labOf(sim, estate, full, drive)
    await untilHealthy(lab, full)
    pacer = pace(sim.clock, options.speed)
    const running = pacer
    const end = lab[Symbol.asyncDispose].bind(lab)
    const { certificates } = estate
    const assertKnown = knownNames(estate.plan)
    return Object.assign(lab, {
      caPem: certificates.cloudRootPem + certificates.fmcCaPem,
      timing: {
        get speed() {
          return running.speed
        },
        get paused() {
          return running.paused
        },
      },
      setSpeed: (speed: number) => void (running.speed = speed),
      pause: () => running.pause(),
      resume: () => running.resume(),
      dial: async (name: string, port: number) => {
        assertKnown(name)
        return dialName(estate.operator, name, port)
      },
      terminal: async (host: string, session: TerminalSession) => {
        const found = estate.hosts.get(host)
        if (found?.terminal === undefined) {
          const having = [...estate.hosts.values()]
            .filter((candidate) => candidate.terminal !== undefined)
            .map((candidate) => candidate.name)
          throw new LabError('LAB_NO_SUCH_HOST', `there is no terminal on ${host}; hosts with one are ${oneOf(having)}`)
        }
        return found.terminal(session)
      },
      healthy: async () => {
        const waitingFor = await missing(lab, full)
        return { healthy: waitingFor.length === 0, waitingFor }
      },
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]()
        pacer = undefined
        await end()
      },
    })
  } catch (error) {
    await sim.close()
    throw error
  }
}
