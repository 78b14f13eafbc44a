import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { REGIONS } from '../../../shared/contract/region.ts'
import { WEBSOCKET_OPTIONS } from '../../../shared/wire/ws/options.ts'
import { labCertificates } from '../../../services/lab/certificates.ts'
import { timed } from '../measurement.ts'

/** As many batches as EventHandler lets be without an acknowledgement. */
const WINDOW = 32

/** Milliseconds that the batches take through a bare WebSocket over TLS to another process that does nothing but answer each. */
export async function wsEcho(batches: readonly string[]): Promise<number> {
  const { cloud, cloudRootPem } = labCertificates(Date.now())
  const server = fork(join(import.meta.dirname, 'ws-server.ts'), { execArgv: [] })
  try {
    const told = once(server, 'message') as Promise<[number]>
    server.send(cloud[REGIONS.us.ingest]!)
    const [port] = await told
    // The certificate is for another name; its chain is checked all the same.
    const socket = new WebSocket(`wss://localhost:${port}`, { ...WEBSOCKET_OPTIONS, ca: cloudRootPem, rejectUnauthorized: false })
    await once(socket, 'open')
    let sent = 0
    let answered = 0
    const done = Promise.withResolvers<void>()
    const sendMore = () => {
      while (sent < batches.length && sent - answered < WINDOW) socket.send(batches[sent++]!)
    }
    socket.on('message', () => {
      answered++
      sendMore()
      if (answered === batches.length) done.resolve()
    })
    const realMs = await timed(() => {
      sendMore()
      return done.promise
    })
    socket.terminate()
    return realMs
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}
