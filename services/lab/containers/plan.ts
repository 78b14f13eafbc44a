import type { ContainerConfig } from '../../../shared/os/container.ts'
import { OPERATOR } from '../../../shared/contract/topology.ts'
import type { NetInterfaceOptions } from '../../../shared/sim/host.ts'
import type { DnsConfigInput } from '../../dns/config.ts'
import type { FmcConfigInput } from '../../fmc/index.ts'
import type { FtdConfigInput } from '../../ftd/index.ts'
import type { GatewayConfigInput } from '../../gateway/config.ts'
import type { ProxyConfigInput } from '../../proxy/config.ts'
import type { LabCertificates } from '../certificates.ts'
import { planLab, type LabOptions, type LabPlan } from '../plan.ts'
import type { OperatorInput } from './operator-host.ts'

/** What a container is given: its network, which it sets up before the product starts, and the product's configuration. */
export interface ContainerFiles {
  readonly host: string
  /** Lines of a word and a value: `address 203.0.113.11/24` (one more of the interface), `gateway 192.0.2.1`, `nameserver 192.0.2.11`, `host 192.0.2.20 fmc`. */
  readonly network: string
  readonly config: ContainerConfig<unknown>
}

/** Where the cloud's container keeps its database: a volume. */
const CLOUD_DATABASE = '/var/lib/ftdlab/sse.sqlite'

/** Everything that the containers of a lab are started with. The same plan as the simulated estate's. */
export function planContainers(
  options: LabOptions,
  certificates: LabCertificates,
  time: Pick<ContainerConfig<unknown>, 'speed' | 'epochMs'>,
): ContainerFiles[] {
  const plan = planLab(options)
  const { adminToken, interfaces } = plan
  const dnsServers = [interfaces.dns[0]!.address]
  const files = (
    host: string,
    given: readonly NetInterfaceOptions[],
    input: unknown,
    nameServers: readonly string[] = [],
  ): ContainerFiles => ({
    host,
    network: networkLines(given, nameServers),
    config: { host, seed: options.seed, ...time, input },
  })
  const dns: DnsConfigInput = { zone: plan.zone, adminToken }
  const gateway: GatewayConfigInput = { adminToken, dnsServers, rules: plan.gatewayRules }
  const proxy: ProxyConfigInput = { adminToken, dnsServers }
  const sse = {
    adminToken,
    certificates: certificates.cloud,
    expiredCertificates: certificates.expiredCloud,
    organisations: [OPERATOR.organisation],
    databasePath: CLOUD_DATABASE,
  }
  const fmc: FmcConfigInput = {
    ...plan.fmc,
    tls: { certPem: certificates.fmcWeb.chainPem, keyPem: certificates.fmcWeb.keyPem },
    sftunnel: { caPem: certificates.fmcCaPem, certPem: certificates.fmcChannel.chainPem, keyPem: certificates.fmcChannel.keyPem },
    connectorCaPem: certificates.cloudRootPem,
    systemCaPem: certificates.systemRootPem,
  }
  const operator: OperatorInput = {
    region: options.region,
    devices: plan.ftds.map(({ name }) => name),
    withTraffic: plan.ftds.map(({ name }) => name).filter((name) => options.traffic(name).some(({ ratePerSecond }) => ratePerSecond > 0)),
    adminToken,
    caPem: certificates.cloudRootPem + certificates.fmcCaPem,
    hosts: [
      { name: 'dns', kind: 'dns', address: interfaces.dns[0]!.address },
      { name: 'gateway', kind: 'gateway', address: interfaces.gateway[0]!.address },
      { name: 'proxy', kind: 'proxy', address: interfaces.proxy[0]!.address },
      { name: 'fmc', kind: 'fmc', address: interfaces.fmc[0]!.address },
      { name: 'sse', kind: 'cloud', address: interfaces.sse[0]!.address },
    ],
  }
  return [
    files('dns', interfaces.dns, dns),
    files('gateway', interfaces.gateway, gateway),
    files('proxy', interfaces.proxy, proxy),
    files('sse', interfaces.sse, sse),
    files('fmc', interfaces.fmc, fmc, dnsServers),
    ...plan.ftds.map((ftd) => {
      const input: FtdConfigInput = {
        hostname: ftd.name,
        dnsServers,
        manager: { address: interfaces.fmc[0]!.address, registrationKey: ftd.registrationKey },
        region: options.region,
        traffic: [...options.traffic(ftd.name)],
        connectorCaPem: certificates.cloudRootPem,
        fmcCaPem: certificates.fmcCaPem,
        systemCaPem: certificates.systemRootPem,
        ...(options.ftdVersion !== undefined && { version: options.ftdVersion }),
        ...(plan.proxy && { proxy: plan.proxy }),
      }
      return files(ftd.name, [ftd.networkInterface], input, dnsServers)
    }),
    { host: 'lab', network: hostLines(plan), config: { host: 'lab', seed: options.seed, ...time, input: operator } },
  ]
}

function networkLines(interfaces: readonly NetInterfaceOptions[], nameServers: readonly string[]): string {
  const [first, ...others] = interfaces
  // Compose gives each interface its first address; what else is in the same network are further names of the cloud.
  const more = others.filter((other) => first !== undefined && networkOf(other) === networkOf(first))
  const lines = [
    ...more.map(({ address, netmask }) => `address ${address}/${bitsOf(netmask)}`),
    ...(first?.gateway === undefined ? [] : [`gateway ${first.gateway}`]),
    ...nameServers.map((server) => `nameserver ${server}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** The operator knows every name of the lab by heart: the customer's DNS may be what is broken. */
function hostLines({ names }: LabPlan): string {
  return names.flatMap(({ name, addresses }) => addresses.map((address) => `host ${address} ${name}\n`)).join('')
}

/** Every network of the lab is a /24, but a fleet's, whose hosts have one address each. */
function networkOf({ address }: NetInterfaceOptions): string {
  return address.slice(0, address.lastIndexOf('.'))
}

function bitsOf(netmask: string): number {
  return netmask.split('.').reduce((bits, byte) => bits + Number(byte).toString(2).replaceAll('0', '').length, 0)
}
