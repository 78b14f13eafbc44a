import type { Program } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'
import type { ShellName } from '../host.ts'
import { runIn, type Shells } from './exec.ts'
import { runSession } from './session.ts'

const DEFAULT_COLUMNS = 80

/**
 * One of an appliance's shells as a command, for an appliance that is a container. Alone it is a session on the terminal; with `-c LINE` it runs one line, whose
 * prompts are answered from the standard input, and exits as that does. (invented: on an appliance it is the login that opens a shell)
 */
export function shellCommand(shell: ShellName, shellsOf: (world: World) => Shells): Program {
  return async (world, { argv, env, stdin, stdout, stderr, signal }) => {
    const level = shellsOf(world).open(shell)
    const [, option, line, ...rest] = argv
    if (option === undefined) return await runSession({ shell, stdin, stdout, columns: Number(env.COLUMNS ?? DEFAULT_COLUMNS) }, level)
    if (option !== '-c' || line === undefined || rest.length > 0) {
      stderr.write(`Usage: ${shell} [-c LINE]\n`)
      return 2
    }
    return await runIn(level, line, { stdin, stdout, stderr, signal })
  }
}
