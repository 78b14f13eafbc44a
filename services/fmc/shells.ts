import { networkPrograms } from '../../shared/host/programs/index.ts'
import { createBash } from '../../shared/host/shell/bash.ts'
import type { Shells } from '../../shared/host/shell/exec.ts'
import { shellPrograms } from '../../shared/host/shell/programs/index.ts'
import type { Programs } from '../../shared/kernel/processes.ts'
import type { World } from '../../shared/kernel/world.ts'

/** Everything that can be started on an FMC, by absolute path: the tools with which the documents test its way to the cloud (seeds A, B). */
export const fmcPrograms: Programs = { ...networkPrograms, ...shellPrograms }

/**
 * An FMC's shells: root's bash, and admin's, into which a login leads when the FMC CLI is not enabled (recalled). The FMC CLI itself is not
 * emulated, so what would be a clish session is admin's bash.
 */
export function fmcShells(world: World, options: { readonly hold?: () => Disposable } = {}): Shells {
  return {
    open: (shell) => createBash({ world, programs: fmcPrograms, user: shell === 'root' ? 'root' : 'admin', ...options }),
    clishKnows: () => false,
  }
}
