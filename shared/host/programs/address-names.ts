import type { Endpoint } from '../../kernel/net.ts'
import type { World } from '../../kernel/world.ts'
import { createResolver } from '../../wire/dns/resolver.ts'
import { serviceName } from './service-names.ts'

export interface EndpointNames {
  /** Address and port as the tool shows them, `*` for any. */
  show(endpoint: Endpoint | undefined): Promise<string>
}

/**
 * Shows endpoints by name (`/etc/hosts`, then reverse DNS, each address looked up once) and ports by service, unless asked for numbers. `any` is what an
 * unbound address looks like.
 */
export function endpointNames(
  world: World,
  options: { readonly numericHosts: boolean; readonly numericPorts: boolean; readonly any: string },
): EndpointNames {
  const resolver = createResolver(world)
  const names = new Map<string, string>()
  const host = async (address: string): Promise<string> => {
    if (address === '0.0.0.0') return options.any
    if (options.numericHosts) return address
    let name = names.get(address)
    if (name === undefined) names.set(address, (name = (await resolver.reverse(address)) ?? address))
    return name
  }
  return {
    async show(endpoint) {
      if (endpoint === undefined) return `${options.any}:*`
      return `${await host(endpoint.address)}:${options.numericPorts ? endpoint.port : serviceName(endpoint.port)}`
    },
  }
}
