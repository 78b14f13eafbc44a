import type { RegisteredClient } from '../../../../shared/contract/sse.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { dialEventHandler, EventSocketError, type EventSocket } from './event-socket.ts'
import type { ConnectorLog } from './log.ts'
import { keepWebSocket, type CloudLink } from './websocket.ts'

/** How often a lost EventHandler is dialled again. (invented) */
const REDIAL_MS = 5_000
const WHERE = 'service.go:63 events:(*Service).Start'

/** Carries events from EventHandler to the cloud, and acknowledgements back. */
export interface EventsService {
  /** Dials EventHandler unless that has succeeded before; logs the documented line when it fails. Then the WebSocket is kept open. */
  start(): Promise<void>
}

/**
 * The connector's events service, until the signal ends it. `registration` is the newest one. Nothing is kept here: a batch that comes while there is no connection to the
 * cloud is dropped, and EventHandler, which keeps everything that is not acknowledged, is told when there is a new connection. (order of dialling: seed B and inferred)
 */
export function startEvents(
  world: World,
  log: ConnectorLog,
  signal: AbortSignal,
  registration: () => RegisteredClient | undefined,
): EventsService {
  let isStarted = false
  let socket: EventSocket | undefined
  let link: CloudLink | undefined

  signal.addEventListener('abort', () => void socket?.[Symbol.asyncDispose]().then(undefined, closingFailed), { once: true })

  function closingFailed(error: unknown): void {
    world.log.warn('EventHandler socket did not close', { error: String(error) })
  }

  async function dial(): Promise<EventSocket | undefined> {
    try {
      return await dialEventHandler(world)
    } catch (error) {
      if (!(error instanceof EventSocketError)) throw error
      log.error(WHERE, error.message)
      return undefined
    }
  }

  /** Passes batches on as long as EventHandler lives, and dials it again when it is gone. */
  async function carryEvents(): Promise<void> {
    for (;;) {
      if (socket !== undefined) {
        for await (const [frame] of socket.events) if (frame !== undefined) link?.send(frame)
        await socket[Symbol.asyncDispose]()
        socket = undefined
      }
      signal.throwIfAborted()
      await world.clock.sleep(REDIAL_MS, signal)
      socket = await dial()
      if (socket !== undefined) log.info(WHERE, 'connected to EventHandler')
    }
  }

  function acknowledge(text: string): void {
    socket?.acks.send([text]).catch((error: unknown) => {
      // EventHandler is gone; it sends again what it did not see acknowledged.
      world.log.debug('an acknowledgement was lost', { error: String(error) })
    })
  }

  return {
    async start() {
      if (isStarted) return
      socket = await dial()
      if (socket === undefined) return
      isStarted = true
      log.info(WHERE, 'connected to EventHandler')
      link = keepWebSocket(world, log, signal, registration, {
        onOpen: () => acknowledge('{"first":0,"ack":0}'),
        onMessage: acknowledge,
      })
      carryEvents().catch((error: unknown) => {
        if (!signal.aborted) world.log.error('events are no longer carried', { error: String(error) })
      })
    },
  }
}
