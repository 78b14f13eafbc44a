import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ProxySettings } from '../../shared/contract/admin.ts'
import type { Clock } from '../../shared/kernel/clock.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { delayLine } from './delay-line.ts'
import type { Inspection } from './inspection.ts'
import { objection, refuse, upstreamRefusal, type Refusal } from './refusal.ts'
import { connectUpstream, parseAuthority } from './upstream.ts'

/**
 * Answers CONNECT: a tunnel to the target by `200 Connection established`, or a refusal after which the connection is closed. `head` is
 * what the client sent right behind its request. `settingsNow` gives what is set at the moment: a tunnel that exists becomes slow, too, but
 * only a new one is inspected.
 */
export async function answerConnect(
  world: World,
  settingsNow: () => ProxySettings,
  inspection: Inspection,
  request: IncomingMessage,
  client: Conn,
  head: Buffer,
): Promise<void> {
  client.on('error', (error) => world.log.debug('proxy.client-lost', { error: error.message }))
  // What the client sends meanwhile waits for the tunnel.
  client.pause()
  const delayMs = () => settingsNow().delayMs ?? 0
  if (delayMs() > 0) await world.clock.sleep(delayMs())
  if (client.destroyed) return
  const target = parseAuthority(request.url ?? '')
  if (target === undefined) return refuseConnect(world, client, request, refuse(400, 'CONNECT wants host:port.'))
  const refusal = objection(settingsNow(), request.headers['proxy-authorization'], target.host)
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
  if (settingsNow().inspect === true) {
    if (head.length > 0) client.unshift(head)
    const opened = await inspection.open(client, upstream, target.host)
    if (opened === undefined) return
    join(opened.client, opened.upstream, world.clock, delayMs)
    join(opened.upstream, opened.client, world.clock, delayMs)
    return
  }
  // It waited with the request that it came with.
  if (head.length > 0) upstream.write(head)
  join(client, upstream, world.clock, delayMs)
  join(upstream, client, world.clock, delayMs)
}

/** Carries everything from one end to the other, its end too. When the source breaks off instead of ending, the other end is destroyed, without a delay. */
function join(source: Duplex, sink: Duplex, clock: Clock, delayMs: () => number): void {
  const line = delayLine(clock, delayMs)
  source.pipe(line).pipe(sink)
  sink.on('close', () => line.destroy())
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
