import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { startDeadline } from '../../shared/wire/deadline.ts'
import { dialName } from '../../shared/wire/dial.ts'

/** How long the proxy tries to reach a target, in lab time, as Squid does by default. (public: Squid's connect_timeout) */
const CONNECT_LIMIT_MS = 60_000

export interface Target {
  readonly host: string
  readonly port: number
}

/** Reads `host:port`; undefined when it is something else. */
export function parseAuthority(text: string, defaultPort?: number): Target | undefined {
  const match = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text)
  const port = match?.[2] === undefined ? defaultPort : Number(match[2])
  if (match === null || port === undefined || port < 1 || port > 65_535) return undefined
  return { host: match[1]!, port }
}

/** Connects to a target by the proxy's own resolver. Gives up when the client goes first. Rejects as `dialName` does, or with `DeadlineError`. */
export async function connectUpstream(world: World, { host, port }: Target, client: Conn): Promise<Conn> {
  const gone = new AbortController()
  const onClose = () => gone.abort(new Error('the client is gone'))
  client.once('close', onClose)
  using deadline = startDeadline(world.clock, CONNECT_LIMIT_MS, gone.signal)
  try {
    return await dialName(world, host, port, { signal: deadline.signal })
  } finally {
    client.off('close', onClose)
  }
}
