import type { HostKind } from '../host/host.ts'
import { LabError } from '../kernel/errors.ts'
import type { HostInfo } from '../scenario/lab.ts'
import type { FaultSite } from './fault.ts'

/**
 * The hosts that a name or a pattern such as `ftd*` stands for, of one kind when it is given. Throws `LAB_NO_SUCH_HOST` with the names
 * that would do when there is none.
 */
export async function hostsMatching(site: FaultSite, pattern: string, kind?: HostKind): Promise<readonly HostInfo[]> {
  const hosts = (await site.hosts()).filter((host) => kind === undefined || host.kind === kind)
  const found = hosts.filter((host) => isMatch(pattern, host.name))
  if (found.length > 0) return found
  const what = kind === undefined ? 'host' : `${kind} host`
  const names = hosts.length === 0 ? 'the lab has none' : `there are ${hosts.map((host) => host.name).join(', ')}`
  throw new LabError('LAB_NO_SUCH_HOST', `no ${what} is called ${pattern}; ${names}`)
}

/** All hosts of a kind. Throws `LAB_NO_SUCH_HOST` when the lab has none. */
export async function hostsOfKind(site: FaultSite, kind: HostKind): Promise<readonly HostInfo[]> {
  return hostsMatching(site, '*', kind)
}

/** Whether a name fits a pattern, in which `*` stands for anything. */
function isMatch(pattern: string, name: string): boolean {
  const expression = pattern.replaceAll(/[^\w*-]/g, String.raw`\$&`).replaceAll('*', '.*')
  return new RegExp(`^${expression}$`).test(name)
}
