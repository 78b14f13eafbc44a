import type { FromDevice, HealthReport } from '../../../../shared/contract/sftunnel.ts'
import { openSyslog } from '../../../../shared/host/appliance-log.ts'
import { serveCalls } from '../../../../shared/host/local-call.ts'
import type { Program } from '../../../../shared/kernel/processes.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { readDevice, readHostname } from '../../device.ts'
import { MESSAGES_LOG, SFTUNNEL_SOCKET } from '../../paths.ts'
import { TunnelRequest } from '../../sftunnel-client.ts'
import { applyCloudSettings, applyHealthPolicy } from './apply.ts'
import { keepConnection, type ManagerMessage } from './connection.ts'
import { openStateFile } from './state.ts'

/** Between two attempts to reach the manager. (invented) */
const REDIAL_MS = 10_000
/** How long the device waits for a registration token. (invented) */
const TOKEN_MS = 60_000

/** The management channel: keeps a connection to the manager, applies what it broadcasts, and carries token requests and health reports. (public: name and port; rest invented) */
export const sftunnel: Program = async (world, { signal }) => {
  const { manager } = await readDevice(world.files)
  const log = openSyslog(world, MESSAGES_LOG, 'sftunneld', () => readHostname(world.files))
  const state = openStateFile(world, manager.address, world.net.interfaces()[0]?.address ?? '')
  const link = createLink(world)
  await using _calls = await serveCalls(world, SFTUNNEL_SOCKET, (request) => link.handle(TunnelRequest.parse(request)))
  try {
    for (;;) {
      state.set({ lastAttempt: world.clock.now() })
      log.write(await connectOnce())
      await world.clock.sleep(REDIAL_MS, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    return 0
  } finally {
    await log.flushed()
    await state.saved()
  }

  /** Connects and stays connected; resolves with how it ended. */
  async function connectOnce(): Promise<string> {
    let wasWelcome = false
    try {
      const reason = await keepConnection(world, signal, {
        onWelcome: (send) => {
          wasWelcome = true
          state.set({ connectedSince: world.clock.now() })
          log.write(`Management channel to ${manager.address} established`)
          link.up(send)
        },
        onMessage: (message) => link.receive(message),
        onHeartbeat: (which) => state.set({ [which === 'sent' ? 'heartbeatSent' : 'heartbeatReceived']: world.clock.now() }),
      })
      return wasWelcome
        ? `Lost the management channel to ${manager.address}: ${reason}`
        : `No management channel to ${manager.address}: ${reason}`
    } catch (error) {
      signal.throwIfAborted()
      return `No management channel to ${manager.address}: ${error instanceof Error ? error.message : String(error)}`
    } finally {
      link.down()
      if (wasWelcome) state.set({ connectedSince: undefined, lastDisconnect: world.clock.now() })
    }
  }
}

/** What goes over the channel, whether or not there is one just now. */
function createLink(world: World) {
  let send: ((message: FromDevice) => void) | undefined
  let lastRequest = 0
  const tokens = new Map<number, PromiseWithResolvers<string>>()
  /** The newest reports: the manager gets them when it comes back. */
  let health: { readonly at: number; readonly reports: HealthReport[] } | undefined
  let applied = Promise.resolve()

  /** One after the other: a later broadcast must not be overtaken by an earlier one. */
  function apply(work: () => Promise<void>): void {
    applied = applied.then(work).catch((error: unknown) => world.log.error('cannot apply what the manager sent', { error: String(error) }))
  }

  async function requestToken(): Promise<{ token: string }> {
    if (send === undefined) throw new Error('there is no connection to the manager')
    const request = ++lastRequest
    const answer = Promise.withResolvers<string>()
    tokens.set(request, answer)
    using _limit = world.clock.after(TOKEN_MS, () => answer.reject(new Error(`the manager did not answer within ${TOKEN_MS / 1_000} s`)))
    send({ kind: 'token-request', request })
    try {
      return { token: await answer.promise }
    } finally {
      tokens.delete(request)
    }
  }

  return {
    up(sender: (message: FromDevice) => void): void {
      send = sender
      if (health !== undefined) send({ kind: 'health', ...health })
    },
    down(): void {
      send = undefined
      for (const answer of tokens.values()) answer.reject(new Error('the connection to the manager was lost'))
    },
    receive(message: ManagerMessage): void {
      switch (message.kind) {
        case 'cloud':
          return apply(() => applyCloudSettings(world, message.settings))
        case 'health-policy':
          return apply(() => applyHealthPolicy(world, message.policy))
        case 'token': {
          const answer = tokens.get(message.request)
          if (message.token !== undefined) answer?.resolve(message.token)
          else answer?.reject(new Error(message.error ?? 'the manager gave no reason'))
        }
      }
    },
    async handle(request: TunnelRequest): Promise<unknown> {
      if (request.kind === 'token') return requestToken()
      health = { at: world.clock.now(), reports: request.reports }
      send?.({ kind: 'health', ...health })
      return { sent: send !== undefined }
    },
  }
}
