import { layNameServers } from '../../shared/host/name-servers.ts'
import { codeOf } from '../../shared/kernel/errors.ts'
import type { World } from '../../shared/kernel/world.ts'
import type { FmcConfig } from './config.ts'
import { PROXY_FILE, formatProxy } from './processes/proxy-settings.ts'
import { CONNECTOR_CA_FILE } from './processes/registration-tokens.ts'

/** The FMC's own CA, of which field notice FN74214 speaks (name public P44, folder recalled). */
const OWN_CA_FILE = '/etc/sf/ca_root/cacert.pem'
/** What curl trusts when it is given nothing else. */
const SYSTEM_CA_FILE = '/etc/ssl/certs/ca-certificates.crt'

/** Makes the FMC's configuration files where they are not there yet: after a restart the files count, not the configuration. */
export async function layFiles(world: World, config: FmcConfig): Promise<void> {
  await layNameServers(world, config.dnsServers)
  await layFile(world, '/etc/hostname', `${config.hostname}\n`)
  await layFile(world, '/etc/hosts', `127.0.0.1\tlocalhost\n${config.address}\t${config.hostname} ${config.hostname.split('.', 1)[0]}\n`)
  await layFile(world, CONNECTOR_CA_FILE, config.connectorCaPem)
  await layFile(world, SYSTEM_CA_FILE, config.systemCaPem)
  await layFile(world, OWN_CA_FILE, config.sftunnel.caPem)
  for (const home of ['/root', '/home/admin', '/tmp', '/var/log']) await world.files.makeDir(home)
  if (config.proxy) {
    const { host, port, user, password } = config.proxy
    await layFile(
      world,
      PROXY_FILE,
      formatProxy({ host, port, ...(user !== undefined && { user }), ...(password !== undefined && { password }) }),
    )
  }
}

async function layFile(world: World, path: string, text: string): Promise<void> {
  try {
    await world.files.stat(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await world.files.write(path, text)
  }
}
