import { codeOf } from '../kernel/errors.ts'
import type { Ip } from '../kernel/net.ts'
import type { World } from '../kernel/world.ts'

export const RESOLV_CONF = '/etc/resolv.conf'

/** Makes a host use these DNS servers, unless it has a resolver configuration already (a container's, or that of an earlier start). */
export async function layNameServers(world: World, servers: readonly Ip[]): Promise<void> {
  try {
    await world.files.stat(RESOLV_CONF)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await world.files.write(RESOLV_CONF, servers.map((server) => `nameserver ${server}\n`).join(''))
  }
}
