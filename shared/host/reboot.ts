import type { Program } from '../kernel/processes.ts'
import { LocalCallError } from './local-call.ts'
import { ownUser } from './pmtool.ts'
import { askSupervisor } from './supervisor-control.ts'

/** The `reboot` command of an appliance: asks the supervisor and returns at once. Needs root. `prefix` is `/ngfw` on an FTD. (texts invented) */
export function reboot(prefix: string): Program {
  return async (world, { stdout, stderr }) => {
    if ((await ownUser(world)) !== 'root') {
      stderr.write('reboot: must be superuser.\n')
      return 1
    }
    try {
      await askSupervisor(world, prefix, { kind: 'reboot' })
    } catch (error) {
      if (!(error instanceof LocalCallError)) throw error
      stderr.write('reboot: the system is going down already\n')
      return 1
    }
    stdout.write('The system is going down for reboot NOW!\n')
    return 0
  }
}
