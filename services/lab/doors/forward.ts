import { createServer, type Socket } from 'node:net'
import type { Log } from '../../../shared/kernel/log.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import { bridge } from './bridge.ts'
import { listen, type DoorPort, type Listening } from './listen.ts'

/** Connects to a lab host from the operator's workstation (see `OperatedLab.dial`). */
export type Dial = (name: string, port: number) => Promise<Conn>

/** A loopback port behind which one port of one lab host is. When the host does not answer, the caller is refused with a reset. */
export async function openForwardDoor(
  door: DoorPort,
  to: { readonly host: string; readonly port: number },
  dial: Dial,
  log: Log,
): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void forward(socket))
  const forward = async (socket: Socket): Promise<void> => {
    socket.on('error', () => {}) // Until the bridge looks after errors.
    let conn: Conn
    try {
      conn = await dial(to.host, to.port)
    } catch (error) {
      log.warn('a door leads nowhere now', { door: door.what, reason: (error as Error).message })
      socket.resetAndDestroy()
      return
    }
    if (socket.destroyed) conn.destroy()
    else bridge(socket, conn)
  }
  return listen(server, door)
}
