import { OPERATOR } from '../../shared/contract/topology.ts'
import type { Host } from '../../shared/host/host.ts'
import type { World } from '../../shared/kernel/world.ts'
import type { SimHostOptions } from '../../shared/sim/host.ts'
import type { Sim } from '../../shared/sim/sim.ts'
import { startDns } from '../dns/index.ts'
import { fmcPrograms, startFmc } from '../fmc/index.ts'
import { ftdPrograms, startFtd } from '../ftd/index.ts'
import { startGateway } from '../gateway/index.ts'
import { startProxy } from '../proxy/index.ts'
import { startSse } from '../sse/index.ts'
import { labCertificates, type LabCertificates } from './certificates.ts'
import { planLab, type LabOptions, type LabPlan } from './plan.ts'

/** What the caller decides beyond the plan: where hosts keep their files, and where the cloud keeps its database. */
export interface EstateOptions extends LabOptions {
  /** Files and sockets outside this process for a host; in memory when it gives nothing. */
  readonly outside?: (host: string) => SimHostOptions['outside']
  readonly databasePath?: string
  readonly progress?: (line: string) => void
}

/** A running estate in the sim World. */
export interface Estate extends AsyncDisposable {
  readonly plan: LabPlan
  readonly certificates: LabCertificates
  readonly hosts: ReadonlyMap<string, Host>
  /** The operator's workstation. */
  readonly operator: World
}

/**
 * Starts every host of a lab on a simulation: the customer's network, then the cloud, FMC, and the devices. Must run while the simulation's time is
 * driven. A failed start ends what had started.
 */
export async function startEstate(sim: Sim, options: EstateOptions): Promise<Estate> {
  const plan = planLab(options)
  const certificates = labCertificates(sim.clock.now())
  const { adminToken, interfaces } = plan
  const progress = options.progress ?? (() => {})
  const hold = () => sim.clock.hold()
  await using started = new AsyncDisposableStack()
  const hosts = new Map<string, Host>()
  const world = (name: string, given: Omit<SimHostOptions, 'name' | 'outside'>): World => {
    const outside = options.outside?.(name)
    return sim.addHost({ name, ...given, ...(outside && { outside }) }).world
  }
  const add = async (starting: Promise<Host>): Promise<void> => {
    const host = started.use(await starting)
    hosts.set(host.name, host)
    progress(`${host.name} is up at ${host.address}`)
  }

  const operator = world('operator', { interfaces: interfaces.operator })
  await operator.files.write('/etc/hosts', operatorHosts(plan))
  await add(startDns(world('dns', { interfaces: interfaces.dns }), { zone: plan.zone, adminToken }))
  const gateway = world('gateway', { interfaces: interfaces.gateway })
  await add(
    startGateway(gateway, { adminToken, rules: plan.gatewayRules, dnsServers: [interfaces.dns[0]!.address], masquerade: '192.0.2.0/24' }),
  )
  await add(
    startProxy(world('proxy', { interfaces: interfaces.proxy }), {
      adminToken,
      settings: { authentication: null, deny: [] },
      dnsServers: [interfaces.dns[0]!.address],
    }),
  )
  await add(
    startSse(world('sse', { interfaces: interfaces.sse }), {
      adminToken,
      certificates: certificates.cloud,
      expiredCertificates: certificates.expiredCloud,
      organisations: [OPERATOR.organisation],
      ...(options.databasePath !== undefined && { databasePath: options.databasePath }),
    }),
  )
  await add(
    startFmc(
      world('fmc', { interfaces: interfaces.fmc, programs: fmcPrograms }),
      {
        ...plan.fmc,
        tls: { certPem: certificates.fmcWeb.chainPem, keyPem: certificates.fmcWeb.keyPem },
        sftunnel: { caPem: certificates.fmcCaPem, certPem: certificates.fmcChannel.chainPem, keyPem: certificates.fmcChannel.keyPem },
        connectorCaPem: certificates.cloudRootPem,
        systemCaPem: certificates.systemRootPem,
      },
      { hold },
    ),
  )
  for (const ftd of plan.ftds) {
    await add(
      startFtd(
        world(ftd.name, { interfaces: [ftd.networkInterface], programs: ftdPrograms }),
        {
          hostname: ftd.name,
          dnsServers: [interfaces.dns[0]!.address],
          manager: { address: interfaces.fmc[0]!.address, registrationKey: ftd.registrationKey },
          region: options.region,
          traffic: [...options.traffic(ftd.name)],
          connectorCaPem: certificates.cloudRootPem,
          fmcCaPem: certificates.fmcCaPem,
          systemCaPem: certificates.systemRootPem,
          ...(options.ftdVersion !== undefined && { version: options.ftdVersion }),
          ...(plan.proxy && { proxy: plan.proxy }),
        },
        { hold },
      ),
    )
  }
  const running = started.move()
  return { plan, certificates, hosts, operator, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** The operator knows every name of the lab by heart: the customer's DNS may be what is broken. */
function operatorHosts({ names }: LabPlan): string {
  return names.flatMap(({ name, addresses }) => addresses.map((address) => `${address}\t${name}\n`)).join('')
}
