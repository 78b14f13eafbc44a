import type { Endpoint } from '../kernel/net.ts'

/** Both ends of a connection, for wording such as `read tcp A:P->B:P: read: connection reset by peer`. */
export interface Ends {
  readonly local: Endpoint
  readonly remote: Endpoint
}

/** The ends of a connection, to be noted while it lives (a closed socket no longer knows them). */
export function endsOf(conn: {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}): Ends {
  return {
    local: { address: conn.localAddress ?? '0.0.0.0', port: conn.localPort ?? 0 },
    remote: { address: conn.remoteAddress ?? '0.0.0.0', port: conn.remotePort ?? 0 },
  }
}
