import type { GatewayRule } from '../../shared/contract/admin.ts'
import type { EventType } from '../../shared/contract/event.ts'
import type { RegionId } from '../../shared/contract/region.ts'
import { ADDRESSES, INTERNET, MANAGEMENT, OPERATOR, PROXY_PORT } from '../../shared/contract/topology.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import { formatIp, parseIp } from '../../shared/kernel/ip.ts'
import { cloudAddresses, labZone } from '../dns/zone.ts'
import type { FmcConfigInput } from '../fmc/config.ts'
import type { NetInterfaceOptions } from '../../shared/sim/host.ts'

export interface Traffic {
  readonly type: EventType
  readonly ratePerSecond: number
}

/** What a lab is made of. */
export interface LabOptions {
  /** How many FTDs FMC manages: `ftd1`, `ftd2` … */
  readonly ftds: number
  readonly region: RegionId
  /** `proxy`: the gateway lets only the proxy out, and every appliance is configured to use it. */
  readonly internet: 'direct' | 'proxy'
  readonly seed: number
  /** The FTDs' software version, e.g. `7.0.0`; 6.5.0 unless given. */
  readonly ftdVersion?: string
  /** What each device's detection engine sees, by device name. */
  readonly traffic: (device: string) => readonly Traffic[]
}

export interface PlannedFtd {
  readonly name: string
  readonly address: string
  readonly networkInterface: NetInterfaceOptions
  readonly registrationKey: string
}

/** Names, addresses and secrets of a lab; which products they are given to is the composition's business. */
export interface LabPlan {
  readonly ftds: readonly PlannedFtd[]
  readonly interfaces: Readonly<Record<'gateway' | 'dns' | 'proxy' | 'fmc' | 'sse' | 'operator', readonly NetInterfaceOptions[]>>
  /** Every name that the operator may use: hosts by their short name, the cloud by its real ones. */
  readonly names: readonly { readonly name: string; readonly addresses: readonly string[] }[]
  readonly zone: ReturnType<typeof labZone>
  readonly adminToken: string
  readonly fmc: Pick<FmcConfigInput, 'devices' | 'region' | 'organisation' | 'proxy'>
  readonly proxy: { readonly host: string; readonly port: number } | undefined
  /** What the gateway is told from the beginning: where there is a proxy, nothing else gets out to the web. */
  readonly gatewayRules: GatewayRule[]
}

/** Devices with an address in the management network: from ftd1's up to the proxy's. A larger estate lives in 100.64.0.0/10. */
const NETWORK_DEVICES = lastByte(ADDRESSES.proxy) - lastByte(ADDRESSES.ftd1)
const FLEET = { first: parseIp('100.64.1.0')!, gateway: '100.64.0.1', netmask: '255.192.0.0', prefix: '100.64.0.0/10' } as const
const MOST_FTDS = 5_000

/** Plans a lab. Throws LAB_BAD_INPUT when there cannot be one like this. */
export function planLab(options: LabOptions): LabPlan {
  const { ftds: count } = options
  if (!Number.isInteger(count) || count < 1 || count > MOST_FTDS)
    throw new LabError('LAB_BAD_INPUT', `a lab has 1 to ${MOST_FTDS} FTDs, not ${count}`)
  const fleet = count > NETWORK_DEVICES
  const ftds = Array.from({ length: count }, (_, index) => plannedFtd(index, fleet))
  const cloud = cloudAddresses()
  const management = (address: string): NetInterfaceOptions[] => [
    { name: 'eth0', address, netmask: MANAGEMENT.netmask, gateway: ADDRESSES.gateway },
  ]
  const sseAddresses = cloud.filter((name) => name.cloud === 'sse').flatMap(({ addresses }) => addresses)
  const proxy = options.internet === 'proxy' ? { host: ADDRESSES.proxy, port: PROXY_PORT } : undefined
  const named = [
    { name: 'gateway', address: ADDRESSES.gateway },
    { name: 'dns', address: ADDRESSES.dns },
    { name: 'fmc', address: ADDRESSES.fmc },
    { name: 'proxy', address: ADDRESSES.proxy },
    ...ftds,
  ]
  const { clientId, clientSecret, orgId } = OPERATOR.organisation
  return {
    ftds,
    interfaces: {
      gateway: [
        { name: 'eth0', address: ADDRESSES.gateway, netmask: MANAGEMENT.netmask },
        { name: 'eth1', address: ADDRESSES.gatewayOutside, netmask: INTERNET.netmask },
        ...(fleet ? [{ name: 'eth2', address: FLEET.gateway, netmask: FLEET.netmask }] : []),
      ],
      dns: management(ADDRESSES.dns),
      proxy: management(ADDRESSES.proxy),
      fmc: management(ADDRESSES.fmc),
      // With a leg in both networks, so that no fault of the customer's network hides anything from the operator.
      operator: [...management(ADDRESSES.operator), { name: 'eth1', address: ADDRESSES.operatorOutside, netmask: INTERNET.netmask }],
      sse: sseAddresses.map((address, index) => ({
        name: `eth${index}`,
        address,
        netmask: INTERNET.netmask,
        gateway: ADDRESSES.gatewayOutside,
      })),
    },
    names: [
      ...named.map(({ name, address }) => ({ name, addresses: [address] })),
      ...cloud.filter((name) => name.cloud === 'sse').map(({ name, addresses }) => ({ name, addresses })),
    ],
    zone: labZone({ hosts: named, cloud }),
    adminToken: 'ftdlab-administrator',
    fmc: {
      devices: ftds.map(({ name, address, registrationKey }) => ({ name, address, registrationKey })),
      region: options.region,
      organisation: { clientId, clientSecret, orgId },
      ...(proxy && { proxy }),
    },
    proxy,
    gatewayRules: proxy === undefined ? [] : onlyTheProxy(proxy.host),
  }
}

function onlyTheProxy(address: string): GatewayRule[] {
  return [
    { action: 'accept', from: [address], to: [INTERNET.prefix] },
    { action: 'drop', to: [INTERNET.prefix] },
  ]
}

function plannedFtd(index: number, fleet: boolean): PlannedFtd {
  const name = `ftd${index + 1}`
  const address = formatIp(fleet ? FLEET.first + index : parseIp(ADDRESSES.ftd1)! + index)
  const networkInterface = fleet
    ? { name: 'eth0', address, netmask: FLEET.netmask, gateway: FLEET.gateway }
    : { name: 'eth0', address, netmask: MANAGEMENT.netmask, gateway: ADDRESSES.gateway }
  return { name, address, networkInterface, registrationKey: `key-${name}` }
}

function lastByte(address: string): number {
  return Number(address.slice(address.lastIndexOf('.') + 1))
}
