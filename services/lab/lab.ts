import type { DeviceEvent } from '../../shared/contract/event.ts'
import { EVENT_LOG } from '../../shared/contract/event.ts'
import type { ExecOptions, ExecResult, Host } from '../../shared/host/host.ts'
import type { HostInfo, HostStatus, Lab, LabRequest, LabResponse } from '../../shared/scenario/lab.ts'
import type { Sim } from '../../shared/sim/sim.ts'
import { activeFaults } from './active-faults.ts'
import type { Estate } from './estate.ts'
import { deviceNamed, hostNamed, noShell } from './host-named.ts'
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
  const client = operatorClient(estate.operator, {
    caPem: estate.certificates.cloudRootPem + estate.certificates.fmcCaPem,
    adminToken: estate.plan.adminToken,
  })

  const exec = (name: string, command: string, execOptions?: ExecOptions): Promise<ExecResult> => {
    const host = hostNamed(estate.hosts, name)
    if (host.exec === undefined) {
      const withShell = [...estate.hosts.values()].filter((candidate) => candidate.exec !== undefined).map((candidate) => candidate.name)
      throw noShell(name, withShell)
    }
    return host.exec(command, execOptions)
  }
  const request = (name: string, labRequest: LabRequest): Promise<LabResponse> => client.request(hostNamed(estate.hosts, name), labRequest)
  const infos = (): HostInfo[] => [...estate.hosts.values()].map(({ name, kind, address }) => ({ name, kind, address }))
  // Faults act while time is driven already, so their site must not drive it a second time.
  const faults = activeFaults({
    site: { exec: async (...args) => exec(...args), request, hosts: async () => infos(), now: () => sim.clock.now() },
    clock: sim.clock,
    random: sim.random.stream('faults'),
  })

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
    sendEvents: (device, events) => drive.run(async () => appendEvents(sim, deviceNamed(estate.hosts, device), events)),
    inject: (input) => drive.run(() => faults.inject(input)),
    cure: (id) => drive.run(() => faults.cure(id)),
    faults: faults.faults,
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
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('')
  if (lines !== '') await sim.host(host.name)!.world.files.append(EVENT_LOG, lines)
}
