import { WebSocket } from 'ws'
import type { Clock } from '../../kernel/clock.ts'

/** How long a peer may take to answer a close. (public: the default of `ws`) */
const CLOSE_MS = 30_000

/** Closes a WebSocket in good order and resolves when it is closed; a peer that does not answer within 30 s of lab time is cut off. */
export function closeWebSocket(clock: Clock, socket: WebSocket, code = 1000, reason = ''): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(CLOSE_MS, () => socket.terminate())
  socket.once('close', () => {
    timer[Symbol.dispose]()
    resolve()
  })
  socket.close(code, reason)
  return promise
}
