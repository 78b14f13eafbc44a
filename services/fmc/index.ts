import { SFTUNNEL_PORT } from '../../shared/contract/sftunnel.ts'
import type { Host, ProcessStatus } from '../../shared/host/host.ts'
import { missingPorts } from '../../shared/host/listening.ts'
import { hostShells } from '../../shared/host/shell/exec.ts'
import { LabError } from '../../shared/kernel/errors.ts'
import type { World } from '../../shared/kernel/world.ts'
import { serveHttp } from '../../shared/wire/http/server.ts'
import { createApi } from './api/routes.ts'
import { createSessions } from './api/sessions.ts'
import { FmcConfig } from './config.ts'
import type { FmcConfigInput } from './config.ts'
import type { Fmc } from './fmc.ts'
import { layFiles } from './lay-files.ts'
import { openHealth } from './processes/health.ts'
import { createRegistrationTokens } from './processes/registration-tokens.ts'
import { startSftunnel } from './processes/sftunnel.ts'
import { fmcShells } from './shells.ts'
import { openStore } from './state.ts'

export type { FmcConfigInput } from './config.ts'
export { fmcPrograms, fmcShells } from './shells.ts'

const WEB_PORT = 443

/**
 * Starts an FMC: web server with the REST API on 443, management channel on 8305. Rejects with `LAB_BAD_INPUT` when the configuration does not fit,
 * `LAB_STATE_BROKEN` when its own files do not, EADDRINUSE when a port is taken; nothing is left running then. `hold` keeps virtual time still while a
 * shell's interpreter works.
 */
export async function startFmc(world: World, input: FmcConfigInput, options: { readonly hold?: () => Disposable } = {}): Promise<Host> {
  const config = parseConfig(world, input)
  await layFiles(world, config)
  await using started = new AsyncDisposableStack()
  const store = await openStore(world, config)
  const health = await openHealth(world, store.state.devices)
  started.defer(async () => {
    await store.saveIfDirty()
    await health.saveIfDirty()
  })
  const tokens = started.adopt(createRegistrationTokens(world, config, store), (open) => open.close())
  const sftunnel = started.use(await startSftunnel(world, { config, store, health, tokens }))
  const fmc: Fmc = { world, config, store, health, sftunnel, sessions: createSessions(world, config.users) }
  const identity = { chainPem: config.tls.certPem, keyPem: config.tls.keyPem }
  started.use(await serveHttp(world, { port: WEB_PORT, handler: createApi(fmc), tls: { identity: () => identity } }))
  const running = started.move()
  return {
    name: world.host,
    kind: 'fmc',
    address: config.address,
    ...hostShells(fmcShells(world, options)),
    async health() {
      const down = await missingPorts(world, [
        { protocol: 'tcp', port: WEB_PORT },
        { protocol: 'tcp', port: SFTUNNEL_PORT },
      ])
      const away = store.state.devices.filter((device) => !sftunnel.linkOf(device).connected).map(({ name }) => `${name} is not connected`)
      const waitingFor = [...down.map((port) => `${port} is not open`), ...away]
      return {
        healthy: waitingFor.length === 0,
        waitingFor,
        processes: [processStatus('httpsd', WEB_PORT), processStatus('sftunnel', SFTUNNEL_PORT)],
      }

      function processStatus(name: string, port: number): ProcessStatus {
        const isDown = down.some((missing) => missing.endsWith(` ${port}`))
        return isDown ? { name, state: 'Down' } : { name, state: 'Running', pid: world.processes.pid }
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function parseConfig(world: World, input: FmcConfigInput): FmcConfig {
  const parsed = FmcConfig.safeParse(input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new LabError(
    'LAB_BAD_INPUT',
    `${world.host}: FMC configuration: ${issue?.path.join('.') || 'object'}: ${issue?.message ?? 'unknown'}`,
  )
}
