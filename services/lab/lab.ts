import type { DeviceEvent } from '../../shared/contract/event.ts'
import { EVENT_LOG } from '../../shared/contract/event.ts'
import type { Cure } from '../../shared/fault/fault.ts'
import { explainFault, injectFault, parseFault } from '../../shared/fault/catalogue.ts'
import type { ExecOptions, ExecResult, Host } from '../../shared/host/host.ts'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'
import type { ActiveFault, HostInfo, HostStatus, Lab, LabRequest, LabResponse } from '../../shared/scenario/lab.ts'
import type { Sim } from '../../shared/sim/sim.ts'
import { labCertificates } from './certificates.ts'
import type { Estate } from './estate.ts'
import { operatorClient } from './operator.ts'
import type { LabOptions } from './plan.ts'

/** How lab time moves while something is waited for. */
export interface Drive {
  /** Lets lab time run until the work is done. */
  run<T>(work: () => Promise<T>): Promise<T>
  pass(durationMs: number): Promise<void>
}

/** The Lab over a simulated estate, whoever moves its time. Disposing it ends the estate. */
export function labOf(sim: Sim, estate: Estate, options: LabOptions, drive: Drive): Lab {
  const active = new Map<string, { readonly info: ActiveFault; readonly cure: Cure }>()
  const certificates = labCertificates()
  const client = operatorClient(estate.operator, {
    caPem: certificates.cloudRootPem + certificates.fmcCaPem,
    adminToken: estate.plan.adminToken,
  })
  let faults = 0

  const hostNamed = (name: string): Host => {
    const host = estate.hosts.get(name)
    if (host === undefined)
      throw new LabError('LAB_NO_SUCH_HOST', `there is no host named ${name}; the hosts are ${oneOf(estate.hosts.keys())}`)
    return host
  }
  const exec = (name: string, command: string, execOptions?: ExecOptions): Promise<ExecResult> => {
    const host = hostNamed(name)
    if (host.exec === undefined) {
      const withShell = [...estate.hosts.values()].filter((candidate) => candidate.exec !== undefined).map((candidate) => candidate.name)
      throw new LabError('LAB_NO_SUCH_HOST', `${name} has no shell; hosts with one are ${oneOf(withShell)}`)
    }
    return host.exec(command, execOptions)
  }
  const request = (name: string, labRequest: LabRequest): Promise<LabResponse> => client.request(hostNamed(name), labRequest)
  const infos = (): HostInfo[] => [...estate.hosts.values()].map(({ name, kind, address }) => ({ name, kind, address }))
  // Faults act while time is driven already, so their site must not drive it a second time.
  const site = { exec: async (...args: Parameters<typeof exec>) => exec(...args), request, hosts: async () => infos() }

  return {
    seed: options.seed,
    region: options.region,
    now: () => sim.clock.now(),
    hosts: () =>
      drive.run(async () =>
        Promise.all(
          [...estate.hosts.values()].map(async (host): Promise<HostStatus> => {
            const { name, kind, address } = host
            return { name, kind, address, ...(await host.health()) }
          }),
        ),
      ),
    exec: (...args) => drive.run(async () => exec(...args)),
    request: (...args) => drive.run(async () => request(...args)),
    sendEvents: (device, events) => drive.run(async () => appendEvents(sim, hostNamed(device), events)),
    inject: (input) =>
      drive.run(async () => {
        const fault = parseFault(input)
        const cure = await injectFault(fault, site)
        const info = { id: `f${++faults}`, fault, explanation: explainFault(fault) }
        active.set(info.id, { info, cure })
        return info
      }),
    cure: (id) =>
      drive.run(async () => {
        const found = active.get(id)
        if (found === undefined) {
          const which = active.size === 0 ? 'none is active' : `the active ones are ${oneOf(active.keys())}`
          throw new LabError('LAB_NO_SUCH_FAULT', `there is no fault ${id}; ${which}`)
        }
        await found.cure()
        active.delete(id)
      }),
    faults: () => [...active.values()].map(({ info }) => info),
    traceHash: () => sim.traceHash(),
    pass: (durationMs) => drive.pass(durationMs),
    [Symbol.asyncDispose]: async () => {
      await drive.run(async () => {
        await client[Symbol.asyncDispose]()
        await estate[Symbol.asyncDispose]()
      })
      await sim.close()
    },
  }
}

async function appendEvents(sim: Sim, host: Host, events: readonly DeviceEvent[]): Promise<void> {
  if (host.kind !== 'ftd') throw new LabError('LAB_NO_SUCH_HOST', `${host.name} detects no events; only FTDs do`)
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('')
  if (lines !== '') await sim.host(host.name)!.world.files.append(EVENT_LOG, lines)
}
