import { codeOf } from '../../../kernel/errors.ts'
import type { Conn } from '../../../kernel/net.ts'
import { startDeadline } from '../../../wire/deadline.ts'
import { DnsError } from '../../../wire/dns/resolver.ts'
import { systemErrorText } from '../system-errors.ts'
import { EXIT } from './messages.ts'
import { failure, type Session } from './session.ts'
import { elapsedMs, isTimeUp, leftMs, startPhase, type TimeLimit } from './time-limit.ts'

/** Where curl connects to: the server, or its proxy. */
export interface Peer {
  readonly name: string
  readonly port: number
  readonly isProxy: boolean
}

/**
 * The addresses of a peer. Without an answer curl gives up with exit code 6 (5 for a proxy), also when its own time was over first: the blocking
 * resolver is interrupted by an alarm. (seed A for the lines; public: curl 7.44 hostip.c, hostip6.c)
 */
export async function resolvePeer(limit: TimeLimit, peer: Peer): Promise<readonly string[]> {
  const { session } = limit
  const known = session.known.get(`${peer.name.toLowerCase()}:${peer.port}`)
  if (known !== undefined) {
    session.note(`Hostname ${peer.name} was found in DNS cache`)
    return known
  }
  using deadline = startPhase(limit, 'connect')
  try {
    const addresses = await session.resolver.lookup(peer.name, deadline.signal)
    session.known.set(`${peer.name.toLowerCase()}:${peer.port}`, addresses)
    return addresses
  } catch (error) {
    const message = `Couldn't resolve ${peer.isProxy ? 'proxy' : 'host'} '${peer.name}'`
    const exitCode = peer.isProxy ? EXIT.couldNotResolveProxy : EXIT.couldNotResolveHost
    if (isTimeUp(error)) {
      // The first complaint of a transfer is the one that curl reports.
      const timedOut = failure(session, exitCode, 'name lookup timed out', { cause: error })
      session.note(message)
      throw timedOut
    }
    if (!(error instanceof DnsError)) throw error
    session.note(`getaddrinfo(3) failed for ${peer.name}:${peer.port}`)
    throw failure(session, exitCode, message, { cause: error })
  }
}

/**
 * A TCP connection to the first address that answers. With several addresses each gets half of the time that curl has for connecting.
 * (public: curl 7.44 connect.c)
 */
export async function connectPeer(limit: TimeLimit, peer: Peer, addresses: readonly string[]): Promise<{ conn: Conn; address: string }> {
  const { session } = limit
  const perAddressMs = leftMs(limit, 'connect')! / (addresses.length > 1 ? 2 : 1)
  let last = 'EHOSTUNREACH'
  let immediate = true
  for (const address of addresses) {
    session.note(`  Trying ${address}...`)
    const left = leftMs(limit, 'connect')!
    const attempt = await tryAddress(session, address, peer.port, Math.max(0, Math.min(perAddressMs, left)))
    if (typeof attempt !== 'string') return { conn: attempt, address }
    if (leftMs(limit, 'connect')! <= 0) throw failure(session, EXIT.timedOut, `Connection timed out after ${elapsedMs(limit)} milliseconds`)
    if (attempt === 'ENETUNREACH' || attempt === 'EADDRNOTAVAIL' || attempt === 'EINVAL') {
      session.note(`Immediate connect fail for ${address}: ${systemErrorText(attempt)}`)
      continue
    }
    if (attempt === 'EDEADLINE') session.note(`After ${Math.round(perAddressMs)}ms connect time, move on!`)
    last = attempt === 'EDEADLINE' ? 'ETIMEDOUT' : attempt
    immediate = false
    session.note(`connect to ${address} port ${peer.port} failed: ${systemErrorText(last)}`)
  }
  if (immediate) throw failure(session, EXIT.couldNotConnect, "Couldn't connect to server")
  throw failure(session, EXIT.couldNotConnect, `Failed to connect to ${peer.name} port ${peer.port}: ${systemErrorText(last)}`)
}

/** The connection, or why there is none: the kernel's error code, or EDEADLINE when this address had its time. */
async function tryAddress(session: Session, address: string, port: number, timeoutMs: number): Promise<Conn | string> {
  using deadline = startDeadline(session.world.clock, timeoutMs, session.invocation.signal)
  try {
    return await session.world.net.dial({ address, port }, deadline.signal)
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined || session.invocation.signal.aborted) throw error
    return code
  }
}
