import type { TLSSocket } from 'node:tls'
import { codeOf } from '../../shared/kernel/errors.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { createCa, newEcKeyPem } from '../../shared/wire/pki/ca.ts'
import type { DistinguishedName } from '../../shared/wire/pki/certificate.ts'
import { connectTls } from '../../shared/wire/tls/client.ts'
import { acceptTls, type TlsIdentity } from '../../shared/wire/tls/server.ts'

const DAY_MS = 86_400_000
const AUTHORITY: DistinguishedName = [
  ['O', 'Example Customer'],
  ['CN', 'Web Proxy Inspection CA'],
]

/** Both ends of a tunnel whose TLS is opened, each secured by itself. */
export interface OpenedTunnel {
  readonly client: TLSSocket
  readonly upstream: TLSSocket
}

/** Opens the TLS in tunnels. */
export interface Inspection {
  /**
   * Secures both ends of a tunnel to `host`: the client's with a certificate for the name that it asks for, the target's as a client that asks for
   * the same name. Resolves with undefined, both ends destroyed, when one of them cannot be secured.
   */
  open(client: Conn, upstream: Conn, host: string): Promise<OpenedTunnel | undefined>
}

/**
 * TLS inspection with an authority of the proxy's own, which no appliance knows. Its certificates are made when a name is first asked for. The target's certificate
 * is not verified, and a client's does not pass. (FM-031; names, validity and the missing verification are invented)
 */
export function createInspection(world: World): Inspection {
  const identities = new Map<string, TlsIdentity>()
  let issue: ((name: string) => TlsIdentity) | undefined
  const identityFor = (name: string): TlsIdentity => {
    let identity = identities.get(name)
    if (identity === undefined) identities.set(name, (identity = (issue ??= createIssuer(world.clock.now()))(name)))
    return identity
  }
  return {
    async open(client, upstream, host) {
      const lost = (end: string, error: unknown): void => {
        world.log.debug('proxy.not-inspected', { host, end, error: error instanceof Error ? error.message : codeOf(error) })
        client.destroy()
        upstream.destroy()
      }
      try {
        const { socket, servername } = await secureClient(world, client, host, identityFor)
        socket.on('error', (error) => lost('client', error))
        const far = await connectTls(upstream, { clock: world.clock, servername, rejectUnauthorized: false })
        far.on('error', (error) => lost('target', error))
        return { client: socket, upstream: far }
      } catch (error) {
        lost('tunnel', error)
        return undefined
      }
    },
  }
}

/** The proxy's end of the client's TLS, and the name that the client asked for. Rejects when there is no handshake, or the client goes first. */
function secureClient(
  { clock }: World,
  client: Conn,
  host: string,
  identityFor: (name: string) => TlsIdentity,
): Promise<{ socket: TLSSocket; servername: string }> {
  return new Promise((resolve, reject) => {
    let servername = host
    client.once('close', () => reject(new Error('the client is gone')))
    const accept = acceptTls({ clock, identity: (asked) => identityFor((servername = asked ?? host)), onError: reject }, (socket) =>
      resolve({ socket, servername }),
    )
    accept(client)
  })
}

function createIssuer(nowMs: number): (name: string) => TlsIdentity {
  const validity = { validFromMs: nowMs - DAY_MS, validToMs: nowMs + 3_650 * DAY_MS }
  const ca = createCa({ subject: AUTHORITY, ...validity, keyPem: newEcKeyPem() })
  const keyPem = newEcKeyPem()
  return (name) => {
    const certPem = ca.issueLeaf({
      subject: [
        ['O', 'Example Customer'],
        ['CN', name],
      ],
      names: [name],
      ...validity,
      keyPem,
    })
    return { chainPem: certPem + ca.certPem, keyPem }
  }
}
