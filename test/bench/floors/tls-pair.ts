import { constants } from 'node:crypto'
import { once } from 'node:events'
import { duplexPair, type Duplex } from 'node:stream'
import { connect, createSecureContext, createServer, type SecureContext, type TLSSocket } from 'node:tls'
import { labCertificates } from '../../../services/lab/certificates.ts'
import { CLOUD_TLS } from '../../../shared/wire/tls/server.ts'

/** The lab's two kinds of TLS server: the clouds' (RSA) and FMC's (P-256). */
export type ServerKind = 'cloud' | 'fmc'

/** Both ends of a TLS connection in memory: nothing but node:tls, with the lab's certificates, version and cipher. */
export interface TlsPair {
  readonly client: TLSSocket
  readonly server: TLSSocket
}

interface Ends {
  readonly clientContext: SecureContext
  readonly accept: (conn: Duplex) => Promise<TLSSocket>
}

const ends = new Map<ServerKind, Ends>()

function endsOf(kind: ServerKind): Ends {
  const known = ends.get(kind)
  if (known !== undefined) return known
  const { cloud, cloudRootPem, fmcChannel, fmcCaPem } = labCertificates(Date.now())
  const identity = kind === 'cloud' ? Object.values(cloud)[0]! : fmcChannel
  const version = kind === 'cloud' ? CLOUD_TLS : { maxVersion: 'TLSv1.2' as const }
  const server = createServer({ ...version, secureOptions: constants.SSL_OP_NO_TICKET, cert: identity.chainPem, key: identity.keyPem })
  const made: Ends = {
    clientContext: createSecureContext({ ca: kind === 'cloud' ? cloudRootPem : fmcCaPem, maxVersion: 'TLSv1.2' }),
    async accept(conn) {
      const secured = once(server, 'secureConnection') as Promise<[TLSSocket]>
      server.emit('connection', conn)
      return (await secured)[0]
    },
  }
  ends.set(kind, made)
  return made
}

/** Connects one pair; resolves after the handshake, in which the client checks the chain. */
export async function tlsPair(kind: ServerKind): Promise<TlsPair> {
  const { clientContext, accept } = endsOf(kind)
  const [near, far] = duplexPair()
  const accepted = accept(far)
  const client = connect({ socket: near, secureContext: clientContext, ALPNProtocols: ['http/1.1'], checkServerIdentity: () => undefined })
  const [server] = await Promise.all([accepted, once(client, 'secureConnect')])
  return { client, server }
}

/** One handshake of each kind given, one after the other, and the end of each connection. */
export async function handshakes(kinds: readonly ServerKind[]): Promise<void> {
  for (const kind of kinds) {
    const { client, server } = await tlsPair(kind)
    client.destroy()
    server.destroy()
  }
}
