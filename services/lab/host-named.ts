import type { HostKind } from '../../shared/host/host.ts'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'

/** A lab's host by its name. Throws LAB_NO_SUCH_HOST that lists the names. */
export function hostNamed<H>(hosts: ReadonlyMap<string, H>, name: string): H {
  const host = hosts.get(name)
  if (host === undefined) throw new LabError('LAB_NO_SUCH_HOST', `there is no host named ${name}; the hosts are ${oneOf(hosts.keys())}`)
  return host
}

/** The same, for a host that detects events. Throws LAB_NO_SUCH_HOST for any other. */
export function deviceNamed<H extends { readonly kind: HostKind }>(hosts: ReadonlyMap<string, H>, name: string): H {
  const host = hostNamed(hosts, name)
  if (host.kind !== 'ftd') throw new LabError('LAB_NO_SUCH_HOST', `${name} detects no events; only FTDs do`)
  return host
}

/** That a host has no shell, as an error that names those with one. */
export function noShell(name: string, withShell: Iterable<string>): LabError {
  return new LabError('LAB_NO_SUCH_HOST', `${name} has no shell; hosts with one are ${oneOf(withShell)}`)
}
