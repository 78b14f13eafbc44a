import type { Host } from '../../shared/host/host.ts'
import { hostShells } from '../../shared/host/shell/exec.ts'
import { startSupervisor } from '../../shared/host/supervisor.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { World } from '../../shared/kernel/world.ts'
import { ftdShells } from './cli/shells.ts'
import { FtdConfig, type FtdConfigInput } from './config.ts'
import { ftdDaemons, ftdPrograms } from './daemons.ts'
import { ftdHealth } from './health.ts'
import { layFtdFiles } from './layout.ts'

export type { FtdConfigInput } from './config.ts'
export { ftdPrograms } from './daemons.ts'
export { makeEvent } from './events.ts'

/**
 * Starts a device: lays its files where they are not there yet and starts its process manager, which starts the rest. The host's programs must be `ftdPrograms`. `hold`
 * keeps virtual time still while a shell's interpreter works. Rejects with `LAB_BAD_INPUT` when the configuration does not fit.
 */
export async function startFtd(world: World, input: FtdConfigInput, options: { readonly hold?: () => Disposable } = {}): Promise<Host> {
  const config = parseConfig(world, input)
  await layFtdFiles(world, config)
  const supervisor = await startSupervisor(world, ftdDaemons)
  // A fleet's devices are rarely logged in to.
  let shells: ReturnType<typeof hostShells> | undefined
  const open = () => (shells ??= hostShells(ftdShells(world, ftdPrograms, options)))
  return {
    name: world.host,
    kind: 'ftd',
    address: world.net.interfaces()[0]?.address ?? '',
    health: () => ftdHealth(world, supervisor.status()),
    exec: (command, execOptions) => open().exec(command, execOptions),
    terminal: (session) => open().terminal(session),
    [Symbol.asyncDispose]: () => supervisor[Symbol.asyncDispose](),
  }
}

function parseConfig(world: World, input: FtdConfigInput): FtdConfig {
  const parsed = FtdConfig.safeParse(input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new LabError(
    'LAB_BAD_INPUT',
    `${world.host}: FTD configuration: ${issue?.path.join('.') || 'object'}: ${issue?.message ?? 'unknown'}`,
  )
}
