import { randomUUID } from 'node:crypto'
import type { ExecOptions, ExecResult, ShellName } from '../../../shared/host/host.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { ftdShells } from '../../ftd/cli/shells.ts'
import { ftdPrograms } from '../../ftd/index.ts'
import { docker } from './docker.ts'

/** A container that somebody can log in to. */
export interface Appliance {
  readonly container: string
  readonly kind: 'ftd' | 'fmc'
}

interface ContainerShell {
  readonly options: readonly string[]
  readonly words: (line: string) => readonly string[]
}
const bash = (line: string) => ['bash', '-c', line]
const ROOT: ContainerShell = { options: [], words: bash }
const ADMIN: ContainerShell = { options: ['--user', 'admin', '--workdir', '/home/admin', '--env', 'HOME=/home/admin'], words: bash }
const CLISH: ContainerShell = { options: [], words: (line) => ['clish', '-c', line] }

/** How a shell of an appliance runs a line. A device's clish is a program of the image, and what would be the FMC's is admin's bash; bash is the machine's. */
const SHELLS: Readonly<Record<Appliance['kind'], Readonly<Record<ShellName, ContainerShell>>>> = {
  ftd: { clish: CLISH, expert: ADMIN, root: ROOT },
  fmc: { clish: ADMIN, expert: ADMIN, root: ROOT },
}

/** Put before a command: the same process, its errors on its standard output. */
const AS_ONE_STREAM = ['bash', '-c', 'exec "$@" 2>&1', 'bash']

/** A process of a command carries this, so that Ctrl-C finds it. */
const MARK = 'FTDLAB_COMMAND'

/** What `exec` gives to clish. Only the grammar is asked, so the device that it belongs to may be any. */
export function createClishGrammar(): (line: string) => boolean {
  const { world } = createSim({ seed: 0 }).addHost({ name: 'grammar', interfaces: [] })
  const shells = ftdShells(world, ftdPrograms)
  return (line) => shells.clishKnows(line)
}

/**
 * Runs one line in a shell of an appliance's container. Both streams are one from the command on, so that their order is what was printed; `apart` they come in
 * that of their arrival. Aborting sends SIGINT to the command's processes. Throws LAB_STATE_BROKEN in Docker's words when the container does not run.
 */
export async function execInContainer(
  { container, kind }: Appliance,
  shell: ShellName,
  line: string,
  options: ExecOptions,
): Promise<ExecResult> {
  const { input = '', signal, apart = false } = options
  const command = randomUUID()
  const { options: given, words } = SHELLS[kind][shell]
  let ended = false
  const interrupt = async () => {
    // Again and again, for the command may be about to start its first process.
    while (!ended) await docker(['exec', container, 'bash', '-c', INTERRUPT, 'interrupt', `${MARK}=${command}`])
  }
  const onAbort = () => void interrupt()
  signal?.addEventListener('abort', onAbort, { once: true })
  const mark = signal === undefined ? [] : ['--env', `${MARK}=${command}`]
  const running = docker(['exec', '--interactive', ...mark, ...given, container, ...(apart ? [] : AS_ONE_STREAM), ...words(line)], {
    input,
  })
  if (signal?.aborted === true) onAbort()
  const result = await running.finally(() => {
    ended = true
    signal?.removeEventListener('abort', onAbort)
  })
  if (/^(Error response from daemon|Error: No such container|OCI runtime exec failed)/.test(result.stderr))
    throw new LabError('LAB_STATE_BROKEN', `${container} runs no commands: ${result.stderr.trim()}`)
  return result
}

const INTERRUPT = 'for p in /proc/[0-9]*; do if grep -qzxF "$1" "$p/environ"; then kill -INT "${p#/proc/}"; fi; done 2>/dev/null'
