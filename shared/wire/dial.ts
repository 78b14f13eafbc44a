import { codeOf } from '../kernel/errors.ts'
import type { Conn, Endpoint, Ip } from '../kernel/net.ts'
import type { World } from '../kernel/world.ts'
import { createResolver } from './dns/resolver.ts'

/** A TCP connection could not be made: the kernel's error and the address it was for. */
export class DialError extends Error {
  /** ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET … */
  readonly code: string
  readonly address: Ip
  readonly port: number
  constructor(code: string, { address, port }: Endpoint, options?: ErrorOptions) {
    super(`connect ${code} ${address}:${port}`, options)
    this.name = 'DialError'
    this.code = code
    this.address = address
    this.port = port
  }
}

export interface DialOptions {
  readonly signal?: AbortSignal
  /** Called before each address is tried. */
  readonly onAddress?: (address: Ip) => void
}

/**
 * Resolves a name and tries its addresses in turn, as Go and curl do. Rejects with `DnsError`, with the `DialError` of the FIRST address,
 * or with the signal's reason.
 */
export async function dialName(world: World, host: string, port: number, options: DialOptions = {}): Promise<Conn> {
  const addresses = await createResolver(world).lookup(host, options.signal)
  let first: DialError | undefined
  for (const address of addresses) {
    options.onAddress?.(address)
    try {
      return await world.net.dial({ address, port }, options.signal)
    } catch (error) {
      options.signal?.throwIfAborted()
      const code = codeOf(error)
      if (code === undefined) throw error
      first ??= new DialError(code, { address, port }, { cause: error })
    }
  }
  throw first!
}
