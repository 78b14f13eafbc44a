import { type FromDevice, SFTUNNEL_PORT, ToDevice } from '../../../../shared/contract/sftunnel.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { dialName } from '../../../../shared/wire/dial.ts'
import { lineChannel } from '../../../../shared/wire/sftunnel.ts'
import { connectTls } from '../../../../shared/wire/tls/client.ts'
import { readDevice, readHostname } from '../../device.ts'
import { readText } from '../../../../shared/host/optional-files.ts'
import { SFTUNNEL_CA } from '../../paths.ts'

/** (invented; the manager gives up a device that is silent for 180 s) */
const HEARTBEAT_MS = 60_000
const SILENCE_MS = 180_000

/** A message of the manager, but for those of the connection itself. */
export type ManagerMessage = Exclude<ToDevice, { kind: 'welcome' | 'refused' | 'heartbeat' }>

export interface ConnectionEvents {
  /** The manager took the device. `send` works until the connection ends. */
  onWelcome(send: (message: FromDevice) => void): void
  onMessage(message: ManagerMessage): void
  onHeartbeat(which: 'sent' | 'received'): void
}

/**
 * Dials the manager, says hello and stays connected. Resolves with why the connection ended; rejects when there was none (`DnsError`, `DialError`, `TlsError`) or
 * with the signal's reason. The channel's certificate is checked against the device's copy of the manager's CA and must be for the manager's address.
 */
export async function keepConnection(world: World, signal: AbortSignal, events: ConnectionEvents): Promise<string> {
  const { manager, uuid, model, version } = await readDevice(world.files)
  const hostname = await readHostname(world.files)
  const ca = (await readText(world.files, SFTUNNEL_CA)) ?? ''
  const conn = await dialName(world, manager.address, SFTUNNEL_PORT, { signal })
  const address = conn.localAddress ?? ''
  const socket = await connectTls(conn, { servername: manager.address, ca, alpn: [], signal, clock: world.clock })

  let heardMs = world.clock.uptimeMs()
  let timer: Disposable | undefined
  let refusal: string | undefined
  const beat = () => {
    if (world.clock.uptimeMs() - heardMs >= SILENCE_MS) {
      socket.destroy(new Error(`no heartbeat from ${manager.address}`))
      return
    }
    channel.send({ kind: 'heartbeat', at: world.clock.now() })
    events.onHeartbeat('sent')
    timer = world.clock.after(HEARTBEAT_MS, beat)
  }
  const channel = lineChannel(socket, ToDevice, (message) => {
    heardMs = world.clock.uptimeMs()
    switch (message.kind) {
      case 'welcome':
        events.onWelcome((answer) => channel.send(answer))
        return
      case 'refused':
        refusal = message.reason
        return
      case 'heartbeat':
        events.onHeartbeat('received')
        return
      default:
        events.onMessage(message)
    }
  })
  const leave = () => socket.destroy()
  signal.addEventListener('abort', leave, { once: true })
  channel.send({ kind: 'hello', uuid, hostname, address, model, version, registrationKey: manager.registrationKey })
  timer = world.clock.after(HEARTBEAT_MS, beat)
  const error = await channel.closed
  timer[Symbol.dispose]()
  signal.removeEventListener('abort', leave)
  signal.throwIfAborted()
  if (refusal !== undefined) return `refused: ${refusal}`
  return error?.message ?? 'closed by the peer'
}
