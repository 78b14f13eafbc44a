import { createServer } from 'node:net'
import { LabError } from '../../../shared/kernel/errors.ts'
import type { Log } from '../../../shared/kernel/log.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import { bridge } from './bridge.ts'
import { listen, type DoorPort, type Listening } from './listen.ts'

/** Connects to a lab host from the operator's workstation (see `EmbeddedLab.dial`). */
export type Dial = (name: string, port: number) => Promise<Conn>

/** A loopback port behind which one port of one lab host is. When the host does not answer, the caller is refused with a reset. */
export async function openForwardDoor(door: DoorPort, to: { readonly host: string; readonly port: number }, dial: Dial, log: Log): Promise<Listening> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // Until the lab host has answered; from then on the bridge looks after errors.
    socket.on('error', () => {})
    dial(to.host, to.port).then(
      (conn) => {
        if (socket.destroyed) conn.destroy()
        else bridge(socket, conn)
      },
      (error: unknown) => {
        if (error instanceof LabError) log.error('a door leads nowhere', { door: door.what, reason: error.message })
        socket.resetAndDestroy()
      },
    )
  })
  return listen(server, door)
}
