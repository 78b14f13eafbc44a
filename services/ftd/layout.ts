import { CANCONNECT_ROOTS, CONNECTOR_CA } from '../../shared/contract/device-files.ts'
import { EVENT_LOG } from '../../shared/contract/event.ts'
import { REGIONS } from '../../shared/contract/region.ts'
import { layNameServers } from '../../shared/host/name-servers.ts'
import { exists } from '../../shared/host/optional-files.ts'
import { enableDaemons } from '../../shared/host/supervisor.ts'
import type { World } from '../../shared/kernel/world.ts'
import { writeProxy } from './cli/network-config.ts'
import type { FtdConfig } from './config.ts'
import { connectorProperties } from './connector-properties.ts'
import { ftdDaemons } from './daemons.ts'
import type { Device } from './device.ts'
import { ACTION_QUEUE_LOG, CONNECTOR_LOG, CONNECTOR_PROPERTIES, DEVICE_FILE, MESSAGES_LOG, SFTUNNEL_CA, SYSTEM_CA_FOLDER } from './paths.ts'

const FOLDERS = ['/home/admin', '/root', '/tmp', '/ngfw/var/sf/run'] as const

/** Lays a device's file tree where it is not there yet: after a restart the files count, not the configuration. (paths: domain facts 4.4) */
export async function layFtdFiles(world: World, config: FtdConfig): Promise<void> {
  const isFirstStart = !(await exists(world.files, DEVICE_FILE))
  for (const folder of FOLDERS) await world.files.makeDir(folder)
  await layNameServers(world, config.dnsServers)
  const texts: Readonly<Record<string, string>> = {
    '/etc/hostname': `${config.hostname}\n`,
    '/etc/hosts': '127.0.0.1\tlocalhost\n',
    [CONNECTOR_PROPERTIES]: connectorProperties(REGIONS[config.region].api, config.version),
    [CONNECTOR_CA]: config.connectorCaPem,
    [CANCONNECT_ROOTS]: config.connectorCaPem,
    [`${SYSTEM_CA_FOLDER}/ca-certificates.crt`]: config.systemCaPem,
    [SFTUNNEL_CA]: config.fmcCaPem,
    [CONNECTOR_LOG]: '',
    [ACTION_QUEUE_LOG]: '',
    [MESSAGES_LOG]: '',
    [EVENT_LOG]: '',
  }
  for (const [path, text] of Object.entries(texts)) if (!(await exists(world.files, path))) await world.files.write(path, text)
  if (!isFirstStart) return
  if (config.proxy !== undefined) {
    const { host, port, user, password } = config.proxy
    await writeProxy(world.files, { host, port, ...(user !== undefined && { user }), ...(password !== undefined && { password }) })
  }
  await enableDaemons(world, ftdDaemons)
  // Last: were the first start cut short, the next one is the first.
  await world.files.write(DEVICE_FILE, `${JSON.stringify(deviceOf(world, config))}\n`, { mode: 0o600 })
}

function deviceOf(world: World, { uuid, model, version, build, manager, traffic }: FtdConfig): Device {
  return { uuid: uuid ?? world.random.stream('device-uuid').uuid(), model, version, build, manager, traffic }
}
