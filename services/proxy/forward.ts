import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { ProxySettings } from '../../shared/contract/admin.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { objection, refuse, upstreamRefusal, type Refusal } from './refusal.ts'
import { connectUpstream, parseAuthority } from './upstream.ts'

/** Headers that are between two neighbours and not passed on. (public: RFC 9110, 7.6.1) */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Answers a request with a whole `http://` URL by asking its host; everything else is refused with 400. The request and the answer wait as long as
 * `settingsNow` says at that moment.
 */
export async function answerForward(
  world: World,
  settingsNow: () => ProxySettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const client = request.socket as unknown as Conn
  const delayMs = () => settingsNow().delayMs ?? 0
  if (delayMs() > 0) await world.clock.sleep(delayMs())
  const [, authority, path] = /^http:\/\/([^/?#]+)([^#]*)/i.exec(request.url ?? '') ?? []
  const target = authority === undefined ? undefined : parseAuthority(authority, 80)
  if (target === undefined) return send(response, refuse(400, 'This is a proxy: send a whole http:// URL, or CONNECT.'))
  const refusal = objection(settingsNow(), request.headers['proxy-authorization'], target.host)
  if (refusal !== undefined) return send(response, refusal)
  let upstream: Conn
  try {
    upstream = await connectUpstream(world, target, client)
  } catch (error) {
    return send(response, upstreamRefusal(target.host, error))
  }
  world.log.info('proxy.forward', { target: request.url, client: client.remoteAddress })
  const outgoing = httpRequest({
    createConnection: () => upstream,
    method: request.method ?? 'GET',
    path: path!.startsWith('/') ? path! : `/${path}`,
    headers: { ...passedOn(request), Host: authority!, Connection: 'close' },
    setHost: false,
  })
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy()
  })
  outgoing.on('error', (error) => {
    if (response.headersSent) response.destroy()
    else send(response, upstreamRefusal(target.host, error))
  })
  outgoing.on('response', (answer) => {
    // An answer that breaks off must break off for the client too, not look whole.
    answer.on('error', () => response.destroy())
    const passOn = (): void => {
      // What went wrong meanwhile was answered.
      if (response.destroyed || response.headersSent) return
      response.writeHead(answer.statusCode!, answer.statusMessage, passedOn(answer))
      answer.pipe(response)
    }
    if (delayMs() === 0) passOn()
    else world.clock.after(delayMs(), passOn)
  })
  request.pipe(outgoing)
}

/** Headers for the next neighbour, with their spelling and repetitions, and `Via` as RFC 9110 asks for. */
function passedOn(message: IncomingMessage): OutgoingHttpHeaders {
  const named = new Set((message.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
  const headers: Record<string, string[]> = {}
  for (let i = 0; i < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i]!
    const lower = name.toLowerCase()
    if (HOP_BY_HOP.has(lower) || named.has(lower) || lower === 'host') continue
    ;(headers[name] ??= []).push(message.rawHeaders[i + 1]!)
  }
  ;(headers['Via'] ??= []).push(`${message.httpVersion} proxy`)
  return headers
}

function send(response: ServerResponse, { status, headers, body }: Refusal): void {
  if (response.destroyed) return
  response.writeHead(status, { ...headers, 'Content-Type': 'text/html', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
