import type { Program, Programs } from '../../../shared/kernel/processes.ts'
import { ftdShells } from './shells.ts'

const DEFAULT_COLUMNS = 80

/**
 * clish as a command, for a device that is a container: `clish` is a session on the terminal, `clish -c LINE` runs one line and exits as it does (its prompts are
 * answered from the standard input). (invented: on the appliance clish is the login shell)
 */
export function clishCommand(programs: Programs): Program {
  return async (world, { argv, env, stdin, stdout, stderr }) => {
    const shells = ftdShells(world, programs)
    const [, option, line, ...rest] = argv
    if (option === undefined)
      return await shells.terminal({ shell: 'clish', stdin, stdout, columns: Number(env.COLUMNS ?? DEFAULT_COLUMNS) })
    if (option !== '-c' || line === undefined || rest.length > 0) {
      stderr.write('Usage: clish [-c LINE]\n')
      return 2
    }
    const { exitCode, stdout: out, stderr: err } = await shells.exec(line, { shell: 'clish', input: (await stdin.toArray()).join('') })
    stdout.write(out)
    stderr.write(err)
    return exitCode
  }
}
