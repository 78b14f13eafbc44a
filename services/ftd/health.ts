import { EVENT_SOCKET } from '../../shared/contract/ingest.ts'
import { SFTUNNEL_PORT } from '../../shared/contract/sftunnel.ts'
import type { HostHealth, ProcessStatus } from '../../shared/host/host.ts'
import type { World } from '../../shared/kernel/world.ts'
import { readJson } from './files.ts'
import { CONNECTOR_CONTEXT } from './paths.ts'
import { StoredContext } from './processes/connector/context.ts'
import { ingestConnection } from './processes/health/modules.ts'
import { readCloudSettings } from './settings.ts'

/** Whether the device does all that it is there for: looked up in its processes, files and sockets. With the cloud switched off, nothing of the cloud is expected. */
export async function ftdHealth(world: World, processes: readonly ProcessStatus[]): Promise<HostHealth> {
  const waitingFor = processes.filter(({ state }) => state !== 'Running').map(({ name, state }) => `${name} is ${state}`)
  const rows = await world.net.sockets()
  const isManaged = rows.some((row) => row.protocol === 'tcp' && row.state === 'ESTABLISHED' && row.remote?.port === SFTUNNEL_PORT)
  if (!isManaged) waitingFor.push('the manager is not connected')
  const settings = await readCloudSettings(world)
  if (settings === undefined) waitingFor.push('the manager has sent no cloud settings yet')
  if (settings?.enabled === true) {
    const status = (await readJson(world, CONNECTOR_CONTEXT, StoredContext))?.status
    if (status !== 'Enrolled') waitingFor.push(`the device is not enrolled with the cloud (${status ?? 'no context'})`)
    const isAttached = rows.some((row) => row.protocol === 'unix' && row.state === 'CONNECTED' && row.path === EVENT_SOCKET)
    if (!isAttached) waitingFor.push('the connector is not attached to EventHandler')
    if (!(await ingestConnection(world))) waitingFor.push('the connector has no connection to the cloud')
  }
  return { healthy: waitingFor.length === 0, waitingFor, processes }
}
