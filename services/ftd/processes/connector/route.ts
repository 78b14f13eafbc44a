import { CONNECTOR_CA } from '../../../../shared/contract/device-files.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import type { RouteOptions } from '../../../../shared/wire/http/route.ts'
import { readProxy } from '../../cli/network-config.ts'
import { readText } from '../../../../shared/host/optional-files.ts'

/** How the connector reaches the cloud: it trusts connectorCA.pem (seeds A, B) and goes through the device's proxy. Read anew for each connection. */
export async function cloudRoute(world: World): Promise<RouteOptions> {
  const proxy = await readProxy(world.files)
  const ca = (await readText(world.files, CONNECTOR_CA)) ?? ''
  return proxy === undefined ? { ca } : { ca, proxy }
}
