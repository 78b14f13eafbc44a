import { INTERNET } from '../contract/topology.ts'
import { inPrefix, parseIp, parsePrefix } from '../kernel/ip.ts'
import type { HostInfo } from '../scenario/lab.ts'
import { proxySetting } from './device-proxy.ts'
import type { FaultSite } from './fault.ts'
import { hostsOfKind } from './hosts.ts'

/** The ports that a device asks its HTTP proxy for. */
const WEB_PORTS = [443, 80]

/** Traffic as a gateway's rule has it. */
export interface GatewayTraffic {
  /** Addresses, prefixes, or names with a dot. */
  readonly to: readonly string[]
  readonly from?: readonly string[]
  readonly port?: number
}

/**
 * Why this traffic does not pass the customer's proxy, in a clause; undefined when all of it does: it goes to the web, and every device that it comes from (all
 * of them unless it says where) has the proxy configured, or is the proxy itself.
 */
export async function besideTheProxy(site: FaultSite, { to, from, port }: GatewayTraffic): Promise<string | undefined> {
  const hosts = await site.hosts()
  if (port !== undefined && !WEB_PORTS.includes(port)) return `port ${port} does not pass the proxy`
  const inside = to.find((target) => !isOutside(target, hosts))
  if (inside !== undefined) return `the way to ${inside} does not pass the proxy`
  const sources = hosts.filter((host) => (from === undefined ? host.kind === 'ftd' : from.some((range) => isIn(host.address, range))))
  if (sources.length === 0) return `no host of the lab is at ${(from ?? []).join(', ')}`
  const proxies = await hostsOfKind(site, 'proxy')
  for (const host of sources) if (!(await usesOne(site, host, proxies))) return `${host.name} does not use the proxy`
  return undefined
}

async function usesOne(site: FaultSite, host: HostInfo, proxies: readonly HostInfo[]): Promise<boolean> {
  if (host.kind === 'proxy') return true
  if (host.kind !== 'ftd') return false
  const configured = await proxySetting(site, host.name).read()
  return configured !== null && proxies.some(({ name, address }) => configured.host === address || labelOf(configured.host) === name)
}

/** A name is outside unless it is one of a host of the lab. */
function isOutside(target: string, hosts: readonly HostInfo[]): boolean {
  const prefix = parsePrefix(target)
  if (prefix === undefined) return !hosts.some(({ name }) => name === labelOf(target))
  return inPrefix(prefix.base, parsePrefix(INTERNET.prefix)!)
}

function isIn(address: string, range: string): boolean {
  const prefix = parsePrefix(range)
  return prefix !== undefined && inPrefix(parseIp(address)!, prefix)
}

/** The first label of a name. */
function labelOf(name: string): string {
  return parsePrefix(name) === undefined ? name.split('.', 1)[0]! : name
}
