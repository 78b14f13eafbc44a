import type { Conn } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'
import { respond, type Answerer } from './message.ts'

export const DNS_PORT = 53

/** Answers DNS queries over UDP and TCP on port 53 of all addresses. */
export async function listenForQueries(world: World, answer: Answerer): Promise<AsyncDisposable> {
  await using started = new AsyncDisposableStack()
  const udp = started.use(await world.net.udp({ port: DNS_PORT }))
  udp.onMessage((data, from) => {
    const bytes = respond(data, 'udp', answer)
    if (bytes !== undefined) udp.send(bytes, from)
  })
  // A client that closed its port before the answer came.
  udp.onError((error) => world.log.debug('dns.unreachable-client', { error: error.message }))
  started.use(await world.net.listen({ port: DNS_PORT }, (conn) => serveStream(world, conn, answer)))
  return started.move()
}

/** Queries and answers over TCP: each with its length before it in two bytes. */
function serveStream(world: World, conn: Conn, answer: Answerer): void {
  let received: Buffer = Buffer.alloc(0)
  conn.on('error', (error) => world.log.debug('dns.connection-lost', { error: error.message }))
  conn.on('end', () => conn.end())
  conn.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      const bytes = respond(received.subarray(2, end), 'tcp', answer)
      received = received.subarray(end)
      if (bytes === undefined) continue
      const length = Buffer.alloc(2)
      length.writeUInt16BE(bytes.length)
      conn.write(Buffer.concat([length, bytes]))
    }
  })
}
