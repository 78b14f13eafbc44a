import { SHELL_NAMES } from '../host/host.ts'
import type { Shells } from '../host/shell/exec.ts'
import type { Programs } from '../kernel/processes.ts'
import type { World } from '../kernel/world.ts'
import type { Commands } from './command.ts'

/** An appliance's shells as commands of its container, each under its own name. */
export function shellCommands(load: () => Promise<{ shellsOf: (world: World) => Shells; programs: Programs }>): Commands {
  return Object.fromEntries(
    SHELL_NAMES.map((shell) => [
      shell,
      async () => {
        const [{ shellCommand }, { shellsOf, programs }] = await Promise.all([import('../host/shell/shell-command.ts'), load()])
        return { program: shellCommand(shell, shellsOf), programs, rawTerminal: true }
      },
    ]),
  )
}
