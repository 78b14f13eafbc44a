import { ACK_SOCKET, EVENT_SOCKET } from '../../../../shared/contract/ingest.ts'
import { codeOf } from '../../../../shared/kernel/errors.ts'
import type { Pull, Push } from '../../../../shared/kernel/ipc.ts'
import type { World } from '../../../../shared/kernel/world.ts'

/** The connector's two connections to EventHandler. */
export interface EventSocket extends AsyncDisposable {
  readonly events: Pull
  readonly acks: Push
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ECONNREFUSED: 'connection refused',
  EACCES: 'permission denied',
}

/** EventHandler's socket could not be dialled. The message is the documented log line. (seed B; format public P49) */
export class EventSocketError extends Error {
  constructor(path: string, options: ErrorOptions) {
    const code = codeOf(options.cause) ?? 'EIO'
    const reason = REASONS[code] ?? code
    super(`Could not connect to ZeroMQ PUSH endpoint: could not dial to "ipc://${path}": dial unix ${path}: connect: ${reason}\n`, options)
    this.name = 'EventSocketError'
  }
}

/** Attaches to EventHandler. Rejects with `EventSocketError`. */
export async function dialEventHandler(world: World): Promise<EventSocket> {
  const events = await dial(EVENT_SOCKET, () => world.ipc.connectPull(EVENT_SOCKET))
  try {
    const acks = await dial(ACK_SOCKET, () => world.ipc.connectPush(ACK_SOCKET))
    return {
      events,
      acks,
      async [Symbol.asyncDispose]() {
        await events[Symbol.asyncDispose]()
        await acks[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await events[Symbol.asyncDispose]()
    throw error
  }
}

async function dial<T>(path: string, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect()
  } catch (error) {
    throw new EventSocketError(path, { cause: error })
  }
}
