import { openLogrus } from '../../../../shared/host/appliance-log.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { readHostname } from '../../device.ts'
import { CONNECTOR_LOG } from '../../paths.ts'

/** The connector's log. `where` is what the second pair of brackets holds, e.g. `events.go:90 events:connectWebSocket`. (seed A) */
export interface ConnectorLog {
  info(where: string, text: string): void
  error(where: string, text: string): void
  flushed(): Promise<void>
}

/** Opens connector.log. The host name is the one that the device has when the connector starts. */
export async function openConnectorLog(world: World): Promise<ConnectorLog> {
  const hostname = await readHostname(world.files)
  const log = openLogrus(world, CONNECTOR_LOG)
  return {
    info: (where, text) => log.write('info', `[${hostname}][${where}] ${text}`),
    error: (where, text) => log.write('error', `[${hostname}][${where}] ${text}`),
    flushed: () => log.flushed(),
  }
}
