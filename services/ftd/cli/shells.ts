import { createShells, type Shells } from '../../../shared/host/shell/exec.ts'
import type { Programs } from '../../../shared/kernel/processes.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { ftdClish } from './clish.ts'

/**
 * An FTD's shells: clish at login, `expert` for the admin's bash, `sudo su -` for root's. `programs` is the host's table; the device's own, the network tools and
 * `shellPrograms` belong in it. `hold` keeps virtual time still while a shell's interpreter works.
 */
export function ftdShells(world: World, programs: Programs, options: { readonly hold?: () => Disposable } = {}): Shells {
  return createShells({ world, programs, clish: (expert) => ftdClish(world, programs, expert), ...options })
}
