import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import type { ServerKind } from './floors/tls-pair.ts'

/** Which kinds of server the TLS clients of this process shook hands with while the work went on. The clouds are named in the handshake, FMC by its address. */
export async function countHandshakes(work: () => Promise<unknown>): Promise<ServerKind[]> {
  const kinds: ServerKind[] = []
  const { connect } = tls
  tls.connect = ((options: tls.ConnectionOptions) => {
    kinds.push(options.servername?.includes('.') === true ? 'cloud' : 'fmc')
    return connect(options)
  }) as typeof connect
  syncBuiltinESMExports()
  try {
    await work()
  } finally {
    tls.connect = connect
    syncBuiltinESMExports()
  }
  return kinds
}
