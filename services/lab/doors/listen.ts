import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'

/** A port of the machine's that a user may choose. */
export interface DoorPort {
  /** What is behind it, for messages: `the console`. */
  readonly what: string
  /** 0 takes a free one. */
  readonly port: number
  /** Loopback unless given. */
  readonly address?: string | undefined
}

const LOOPBACK = '127.0.0.1'

/** A listening server, with the connections that came in by it. */
export interface Listening extends AsyncDisposable {
  readonly port: number
}

/**
 * Listens on the machine's loopback unless the door says otherwise. Disposing stops listening and destroys every connection. Throws LAB_PORT_IN_USE that names the port and the option
 * which moves it.
 */
export async function listen(server: Server, door: DoorPort): Promise<Listening> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(explained(error, door))
    server.once('error', failed)
    server.listen(door.port, door.address ?? LOOPBACK, () => {
      server.off('error', failed)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

/** Sees whether ports can be had, before anything is started that would need them. Throws as `listen` does. */
export async function assertFree(doors: readonly DoorPort[]): Promise<void> {
  for (const door of doors) {
    if (door.port === 0) continue
    await using _ = await listen(createServer(), door)
  }
}

function explained(error: Error, { what, port }: DoorPort): Error {
  const code = codeOf(error)
  if (code === 'EADDRINUSE') {
    return new LabError(
      'LAB_PORT_IN_USE',
      `port ${port} for ${what} is in use by another program; choose other ports with --port N, or --port 0 for free ones`,
      {
        cause: error,
      },
    )
  }
  if (code === 'EACCES')
    return new LabError('LAB_PORT_IN_USE', `this user may not listen on port ${port} (${what}); choose other ports with --port N`, {
      cause: error,
    })
  return error
}
