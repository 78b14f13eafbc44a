import type { WebSocket } from 'ws'
import type { RegisteredClient } from '../../../../shared/contract/sse.ts'
import { codeOf } from '../../../../shared/kernel/errors.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { goCloseError, goDialError } from '../../../../shared/wire/go-errors.ts'
import { openWebSocket } from '../../../../shared/wire/ws/client.ts'
import type { ConnectorLog } from './log.ts'
import { cloudRoute } from './route.ts'

/** After a round of all addresses failed, or a connection was lost, the next round comes after so long: the gaps of seed A, explained in domain facts 3.6. */
const PAUSE_MS = { min: 1_000, max: 50_000 } as const
/**
 * How long the upgrade may stay unanswered: the handshake time-out of gorilla's default dialer (public P50). It does not begin with the dial, which is the kernel's to
 * give up (seed A: 127 s an address).
 */
const UPGRADE_MS = 45_000
/** (invented) */
const PING_MS = 30_000
/** A cloud that answered no ping for so long is gone. (invented) */
const DEAD_MS = 90_000
const WHERE = 'events.go:90 events:connectWebSocket'

export interface CloudLink {
  /** Sends a text message; dropped when there is no connection now. */
  send(text: Buffer): void
}

export interface CloudEvents {
  onOpen(): void
  onMessage(text: string): void
}

/** Keeps a WebSocket to the region's eventing-ingest open until the signal ends it. Failures are logged as in seed A. */
export function keepWebSocket(
  world: World,
  log: ConnectorLog,
  signal: AbortSignal,
  registration: () => RegisteredClient | undefined,
  events: CloudEvents,
): CloudLink {
  const dice = world.random.stream('reconnect')
  let current: WebSocket | undefined

  async function connect(registered: RegisteredClient): Promise<WebSocket | undefined> {
    const { fqdn, path } = registered.services.eventing
    try {
      return await openWebSocket(world, {
        url: `wss://${fqdn}${path}`,
        headers: { Authorization: `Bearer ${registered.accessToken}` },
        upgradeTimeoutMs: UPGRADE_MS,
        signal,
        ...(await cloudRoute(world)),
      })
    } catch (error) {
      signal.throwIfAborted()
      log.error(WHERE, goDialError(error))
      return undefined
    }
  }

  async function keep(): Promise<void> {
    for (let registered = registration(); registered !== undefined; registered = registration()) {
      const socket = await connect(registered)
      if (socket !== undefined) {
        current = socket
        log.info('events.go:104 events:connectWebSocket', `connected to ${registered.services.eventing.fqdn}`)
        const why = closed(world, socket, signal, events)
        events.onOpen()
        log.error('events.go:131 events:readWebSocket', await why)
        current = undefined
      }
      signal.throwIfAborted()
      await world.clock.sleep(dice.int(PAUSE_MS.min, PAUSE_MS.max), signal)
    }
  }

  keep().catch((error: unknown) => {
    if (!signal.aborted) world.log.error('the cloud is no longer dialled', { error: String(error) })
  })
  return {
    send(text) {
      if (current?.readyState === current?.OPEN) current?.send(text, { binary: false })
    },
  }
}

/** Serves an open socket until it closes; resolves with what the connector logs about it. Rejects with the signal's reason after closing it. */
async function closed(world: World, socket: WebSocket, signal: AbortSignal, events: CloudEvents): Promise<string> {
  const ends = await endsText(world)
  let failure: string | undefined
  let pongMs = world.clock.uptimeMs()
  let timer: Disposable
  const ping = () => {
    if (world.clock.uptimeMs() - pongMs >= DEAD_MS) {
      failure = `read tcp ${ends}: i/o timeout`
      socket.terminate()
      return
    }
    socket.ping()
    timer = world.clock.after(PING_MS, ping)
  }
  timer = world.clock.after(PING_MS, ping)
  const goAway = () => socket.close(1000)
  signal.addEventListener('abort', goAway, { once: true })
  socket.on('pong', () => {
    pongMs = world.clock.uptimeMs()
  })
  socket.on('message', (data, isBinary) => {
    // Of the kinds of data that ws has, this socket's is the Buffer.
    if (!isBinary) events.onMessage((data as Buffer).toString())
  })
  socket.on('error', (error) => {
    if (codeOf(error) === 'ECONNRESET') failure ??= `read tcp ${ends}: read: connection reset by peer`
  })
  const { code, reason } = await new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (closeCode, closeReason) => resolve({ code: closeCode, reason: closeReason.toString() }))
  })
  timer[Symbol.dispose]()
  signal.removeEventListener('abort', goAway)
  return failure ?? goCloseError(code, reason)
}

/** Both ends of the connector's connection to the cloud, or to the proxy on the way, as Go names them. */
async function endsText(world: World): Promise<string> {
  for (const row of await world.net.sockets()) {
    if (row.pid !== world.processes.pid || row.protocol !== 'tcp' || row.state !== 'ESTABLISHED' || row.remote === undefined) continue
    if (row.remote.port === 443 || row.local.address !== '127.0.0.1')
      return `${row.local.address}:${row.local.port}->${row.remote.address}:${row.remote.port}`
  }
  return 'unknown'
}
