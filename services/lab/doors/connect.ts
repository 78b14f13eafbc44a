import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../../../shared/kernel/log.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import { bridge } from './bridge.ts'
import type { Dial } from './forward.ts'
import { listen, type DoorPort, type Listening } from './listen.ts'

/** Headers that are between the client and this door only (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/**
 * An HTTP proxy on loopback through which any client reaches every lab host by its real name and port: CONNECT for TLS and everything else, absolute URLs for
 * plain `http:`. What the lab does not have is answered with 502 and a sentence; nothing outside the lab is ever dialled.
 */
export async function openConnectDoor(door: DoorPort, dial: Dial, log: Log): Promise<Listening> {
  const server = createServer({ noDelay: true }, (incoming, response) => void forwardPlain(incoming, response, dial))
  server.on('connect', (incoming, socket, head) => void tunnel(incoming, socket as Socket, head, dial))
  server.on('clientError', (error, socket) => {
    log.debug('the CONNECT door did not understand a client', { error: error.message })
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  return listen(server, door)
}

async function tunnel(incoming: IncomingMessage, socket: Socket, head: Buffer, dial: Dial): Promise<void> {
  socket.on('error', () => {}) // Until the bridge looks after errors.
  const refuse = (status: string, sentence: string) => {
    const body = `${sentence}\n`
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  }
  const target = parseAuthority(incoming.url ?? '')
  if (target === undefined)
    return refuse('400 Bad Request', `CONNECT takes a name and a port such as api-sse.cisco.com:443, not ${JSON.stringify(incoming.url)}`)
  let conn: Conn
  try {
    conn = await dial(target.host, target.port)
  } catch (error) {
    return refuse('502 Bad Gateway', (error as Error).message)
  }
  if (socket.destroyed) {
    conn.destroy()
    return
  }
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
  if (head.length > 0) conn.write(head)
  bridge(socket, conn)
}

async function forwardPlain(incoming: IncomingMessage, response: ServerResponse, dial: Dial): Promise<void> {
  const refuse = (status: number, sentence: string) => {
    if (response.headersSent) return response.destroy()
    return response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`)
  }
  const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url!) : undefined
  if (url?.protocol !== 'http:') {
    return void refuse(400, 'this is an HTTP proxy to the hosts of the lab; use it as one, e.g. curl --proxy, or CONNECT for https')
  }
  let conn: Conn
  try {
    conn = await dial(url.hostname, Number(url.port || 80))
  } catch (error) {
    return void refuse(502, (error as Error).message)
  }
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !HOP_BY_HOP.includes(name)))
  const forwarded = request(
    {
      method: incoming.method,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, host: url.host },
      createConnection: () => conn,
    },
    (answer) => {
      const kept = answer.rawHeaders.filter((_, index, all) => !HOP_BY_HOP.includes(all[index - (index % 2)]!.toLowerCase()))
      response.writeHead(answer.statusCode!, answer.statusMessage, kept)
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    },
  )
  forwarded.on('error', (error) => void refuse(502, `${url.host} broke off: ${error.message}`))
  response.on('close', () => conn.destroy())
  incoming.on('error', () => conn.destroy())
  incoming.pipe(forwarded)
}

/** `name:port` or undefined. */
function parseAuthority(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^([\w.-]{1,253}):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const port = Number(match[2])
  return port >= 1 && port <= 65_535 ? { host: match[1]!.toLowerCase(), port } : undefined
}
