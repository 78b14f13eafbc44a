import { codeOf } from '../../kernel/errors.ts'
import type { Program, Signal } from '../../kernel/processes.ts'

const SIGNALS: Readonly<Record<string, Signal>> = {
  '1': 'SIGHUP',
  '2': 'SIGINT',
  '9': 'SIGKILL',
  '15': 'SIGTERM',
  HUP: 'SIGHUP',
  INT: 'SIGINT',
  KILL: 'SIGKILL',
  TERM: 'SIGTERM',
}

/** `kill [-SIGNAL | -s SIGNAL] PID...`, messages as bash's own `kill` words them. (public: bash) */
export const kill: Program = async (world, invocation) => {
  const args = invocation.argv.slice(1)
  const say = (text: string): void => invocation.stderr.write(`${text}\n`)
  if (args[0] === '-l') {
    invocation.stdout.write(' 1) SIGHUP\t 2) SIGINT\t 9) SIGKILL\t15) SIGTERM\n')
    return 0
  }
  let name = 'TERM'
  if (args[0] === '-s') {
    args.shift()
    name = args.shift() ?? ''
  } else if (args[0]?.startsWith('-')) name = args.shift()!.slice(1)
  const signal = SIGNALS[name.toUpperCase().replace(/^SIG/, '')]
  if (signal === undefined) {
    say(`bash: kill: ${name}: invalid signal specification`)
    return 1
  }
  if (args.length === 0) {
    say('kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]')
    return 2
  }
  let exitCode = 0
  for (const arg of args) {
    if (!/^\d+$/.test(arg)) {
      say(`bash: kill: ${arg}: arguments must be process or job IDs`)
      exitCode = 1
      continue
    }
    try {
      await world.processes.kill(Number(arg), signal)
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') throw error
      say(`bash: kill: (${arg}) - No such process`)
      exitCode = 1
    }
  }
  return exitCode
}
