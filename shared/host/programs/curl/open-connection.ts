import { readFrom } from './byte-source.ts'
import { connectPeer, resolvePeer, type Peer } from './connect.ts'
import type { CurlProxy } from './proxy.ts'
import { openTunnel } from './proxy-tunnel.ts'
import { closeConnection, type Connection, type Session } from './session.ts'
import { secure } from './tls.ts'
import type { TimeLimit } from './time-limit.ts'
import type { CurlUrl } from './url.ts'

/** A connection that is ready for a request to this URL: one that was kept, or a new one. A failure is printed and everything closed again. */
export async function openConnection(limit: TimeLimit, url: CurlUrl, proxy: CurlProxy | undefined): Promise<Connection> {
  const { session } = limit
  const key = `${url.scheme}://${url.host.toLowerCase()}:${url.port} ${proxy === undefined ? '' : `${proxy.host}:${proxy.port}`}`
  limit.singleStartedMs = session.world.clock.uptimeMs()
  const kept = session.kept.get(key)
  if (kept !== undefined && !kept.raw.destroyed && !kept.raw.readableEnded && !kept.closeNotified) return reuse(session, kept, url)
  if (kept !== undefined) {
    session.note(`Connection ${kept.id} seems to be dead!`)
    closeConnection(session, kept)
  }
  const peer: Peer =
    proxy === undefined ? { name: url.host, port: url.port, isProxy: false } : { name: proxy.host, port: proxy.port, isProxy: true }
  const id = session.nextId++
  const { conn, address } = await beforeConnection(session, id, async () => connectPeer(limit, peer, await resolvePeer(limit, peer)))
  session.note(`Connected to ${peer.name} (${address}) port ${peer.port} (#${id})`)
  // A reset between two reads is learnt of at the next read.
  conn.on('error', () => {})
  const connection: Connection = {
    id,
    key,
    peerName: peer.name,
    peerPort: peer.port,
    address,
    stream: conn,
    raw: conn,
    source: undefined,
    secured: false,
    closeNotified: false,
  }
  try {
    if (proxy !== undefined && url.scheme === 'https') await openTunnel(limit, connection, proxy, url.host, url.port)
    if (url.scheme === 'https') await secure(limit, connection, url.host, url.port)
    else connection.source = readFrom(conn)
  } catch (error) {
    closeConnection(session, connection)
    throw error
  }
  session.kept.set(key, connection)
  return connection
}

function reuse(session: Session, kept: Connection, url: CurlUrl): Connection {
  const bundle = session.world.random.stream('curl').int(0x1000, 0xfffff)
  session.note(`Found bundle for host ${url.host}: 0x7f${bundle.toString(16).padStart(6, '0')}f0`)
  session.note(`Re-using existing connection! (#${kept.id}) with host ${kept.peerName}`)
  session.note(`Connected to ${kept.peerName} (${kept.address}) port ${kept.peerPort} (#${kept.id})`)
  return kept
}

/** curl closes a connection that never came to be, too. */
async function beforeConnection<T>(session: Session, id: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    session.note(`Closing connection ${id}`)
    throw error
  }
}
