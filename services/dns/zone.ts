import { z } from 'zod'
import { DnsRecord } from '../../shared/contract/admin.ts'
import { ADDRESSES, INTERNET } from '../../shared/contract/topology.ts'
import { EST_HOST, REGIONS } from '../../shared/contract/region.ts'
import { formatIp, parsePrefix } from '../../shared/kernel/ip.ts'
import type { Ip } from '../../shared/kernel/net.ts'

/** The domain of the lab's own hosts: `ftd1.lab.example` (invented; a domain reserved for examples). */
export const LAB_DOMAIN = 'lab.example'

/** What each name stands for, by its lower-case name. */
export const Zone = z.record(z.string(), DnsRecord)
export type Zone = z.infer<typeof Zone>

/** A cloud host name and what it resolves to. */
export interface CloudName {
  readonly name: string
  /** The alias target that has the addresses, where there is one. */
  readonly cname?: string
  readonly addresses: readonly Ip[]
  /** Which cloud answers at the addresses. */
  readonly cloud: 'sse' | 'amp'
}

/** The AMP and Threat Grid names that the documents look up. (seed C; domain facts 1.6) */
const AMP_NAMES = ['cloud-sa.amp.cisco.com', 'cloud-sa.amp.sourcefire.com', 'api.amp.sourcefire.com', 'panacea.threatgrid.com']

/** The first cloud address is the tenth of the internet network; those before it are for the lab's own use. */
const FIRST_CLOUD_ADDRESS = 10

/**
 * The clouds' names, each with two addresses of `INTERNET` that no other name has. `api-sse.cisco.com` is an alias in `akadns.net`
 * (seed C); the others have addresses of their own. Which address a name has is invented.
 */
export function cloudAddresses(): readonly CloudName[] {
  const sse = [...Object.values(REGIONS).flatMap(({ api, ingest, mx, dex, admin }) => [api, ingest, mx, dex, admin]), EST_HOST]
  const names = [...sse.map((name) => ({ name, cloud: 'sse' as const })), ...AMP_NAMES.map((name) => ({ name, cloud: 'amp' as const }))]
  const { base } = parsePrefix(INTERNET.prefix)!
  return names.map(({ name, cloud }, index) => {
    const first = base + FIRST_CLOUD_ADDRESS + 2 * index
    const addresses = [formatIp(first), formatIp(first + 1)]
    return name === REGIONS.us.api ? { name, cname: `${name}.akadns.net`, addresses, cloud } : { name, addresses, cloud }
  })
}

/**
 * The zone of the customer's resolver: the clouds' names, and the lab's hosts below `LAB_DOMAIN` with their reverse names. Every address
 * of `INTERNET` has a reverse name in the style of the seeds (`ec2-203-0-113-10.compute-1.amazonaws.com`), also those that a name may move to.
 */
export function labZone({
  hosts,
  cloud,
}: {
  readonly hosts: readonly { readonly name: string; readonly address: Ip }[]
  readonly cloud: readonly CloudName[]
}): Zone {
  const zone: Zone = {}
  const { base } = parsePrefix(INTERNET.prefix)!
  for (let last = 1; last < 255; last++) {
    const address = formatIp(base + last)
    if (address !== ADDRESSES.gatewayOutside)
      zone[reverseName(address)] = { pointer: `ec2-${address.replaceAll('.', '-')}.compute-1.amazonaws.com` }
  }
  for (const { name, cname, addresses } of cloud) {
    if (cname !== undefined) zone[name] = { cname }
    zone[cname ?? name] = { addresses: [...addresses] }
  }
  for (const { name, address } of hosts) {
    zone[`${name}.${LAB_DOMAIN}`] = { addresses: [address] }
    zone[reverseName(address)] = { pointer: `${name}.${LAB_DOMAIN}` }
  }
  return zone
}

/** `192.0.2.27` is asked for as `27.2.0.192.in-addr.arpa`. */
export function reverseName(address: Ip): string {
  return `${address.split('.').toReversed().join('.')}.in-addr.arpa`
}
