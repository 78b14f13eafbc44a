import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { ProxySettings } from '../../shared/contract/admin.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { objection, refuse, upstreamRefusal, type Refusal } from './refusal.ts'
import { connectUpstream, parseAuthority } from './upstream.ts'

/**
 * Answers CONNECT: a tunnel to the target by `200 Connection established`, or a refusal after which the connection is closed. `head` is
 * what the client sent right behind its request.
 */
export async function answerConnect(
  world: World,
  settings: ProxySettings,
  request: IncomingMessage,
  client: Conn,
  head: Buffer,
): Promise<void> {
  client.on('error', (error) => world.log.debug('proxy.client-lost', { error: error.message }))
  // What the client sends meanwhile waits for the tunnel.
  client.pause()
  const target = parseAuthority(request.url ?? '')
  if (target === undefined) return refuseConnect(world, client, request, refuse(400, 'CONNECT wants host:port.'))
  const refusal = objection(settings, request.headers['proxy-authorization'], target.host)
  if (refusal !== undefined) return refuseConnect(world, client, request, refusal)
  let upstream: Conn
  try {
    upstream = await connectUpstream(world, target, client)
  } catch (error) {
    return refuseConnect(world, client, request, upstreamRefusal(target.host, error))
  }
  if (client.destroyed) {
    upstream.destroy()
    return
  }
  world.log.info('proxy.tunnel', { target: request.url, client: client.remoteAddress })
  upstream.on('error', (error) => world.log.debug('proxy.upstream-lost', { target: request.url, error: error.message }))
  client.write('HTTP/1.1 200 Connection established\r\n\r\n')
  if (head.length > 0) upstream.write(head)
  join(client, upstream)
  join(upstream, client)
}

/** Carries everything from one end to the other, its end too. When the source breaks off instead of ending, the other end is destroyed. */
function join(source: Conn, sink: Conn): void {
  source.pipe(sink)
  source.on('close', () => {
    const endedWell = source.readableEnded && source.writableFinished
    if (!endedWell) sink.destroy()
  })
}

function refuseConnect(world: World, client: Conn, request: IncomingMessage, { status, headers, body }: Refusal): void {
  world.log.info('proxy.refused', { target: request.url, client: client.remoteAddress, status })
  const lines = Object.entries({ ...headers, 'Content-Type': 'text/html', 'Content-Length': Buffer.byteLength(body), Connection: 'close' })
  client.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('')}\r\n${body}`,
  )
}
