import { randomUUID } from 'node:crypto'
import { fstatSync, readFileSync } from 'node:fs'
import type { Execution, ExecutionResult } from '../api/schemas.ts'
import { reasonOf } from '../state/folder.ts'
import type { ShellName } from '../../../shared/host/host.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import { runningLab } from './client.ts'
import { exitCodeOf } from './signals.ts'

/** `ftdlab exec`: prints what the device prints, each stream to its own, and exits as the command exits. Ctrl-C is Ctrl-C on the device. */
export async function exec(
  host: string,
  command: string,
  options: { readonly shell?: ShellName; readonly input?: string },
): Promise<number> {
  const { call } = await runningLab()
  const id = randomUUID()
  const apart = !isSameFile(1, 2)
  const request: Execution = {
    command,
    id,
    apart,
    ...(options.shell !== undefined && { shell: options.shell }),
    ...(options.input !== undefined && { input: readInput(options.input) }),
  }
  let interrupts = 0
  const interrupt = () => {
    if (++interrupts > 1) process.exit(exitCodeOf('SIGINT'))
    // The command may have ended meanwhile; then there is nothing to interrupt.
    call('DELETE', `/api/executions/${id}`).catch(() => {})
  }
  process.on('SIGINT', interrupt)
  try {
    const result = await call<ExecutionResult>('POST', `/api/hosts/${encodeURIComponent(host)}/exec`, request)
    if (apart) {
      process.stdout.write(result.stdout)
      process.stderr.write(result.stderr)
    } else process.stdout.write(result.output)
    return result.exitCode
  } finally {
    process.off('SIGINT', interrupt)
  }
}

/** Whether two of our streams lead to one terminal, pipe or file, where the order between them shows. */
function isSameFile(one: number, other: number): boolean {
  try {
    const [a, b] = [fstatSync(one), fstatSync(other)]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false // One of them is closed.
  }
}

function readInput(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new LabError('LAB_BAD_INPUT', `--input ${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}
