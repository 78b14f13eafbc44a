import type { TLSSocket } from 'node:tls'
import { FromDevice, SFTUNNEL_PORT } from '../../../shared/contract/sftunnel.ts'
import type { CloudSettings, ToDevice } from '../../../shared/contract/sftunnel.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { lineChannel } from '../../../shared/wire/sftunnel.ts'
import type { LineChannel } from '../../../shared/wire/sftunnel.ts'
import { acceptTls } from '../../../shared/wire/tls/server.ts'
import { cloudSettings, devicePolicy } from '../broadcast.ts'
import type { FmcConfig } from '../config.ts'
import type { Device, Store } from '../state.ts'
import type { Health } from './health.ts'
import { TokenRefused } from './registration-tokens.ts'
import type { RegistrationTokens } from './registration-tokens.ts'

/** How often silent connections and missing devices are looked for. Invented. */
const SWEEP_INTERVAL_MS = 30_000
/** A connection that said nothing for so long is given up. Invented. */
const SILENCE_LIMIT_MS = 180_000
/** A device that is away for so long gets a heartbeat alert. Invented. */
const HEARTBEAT_ALERT_MS = 300_000

interface Session {
  readonly channel: LineChannel
  readonly drop: () => void
  readonly remoteAddress: string | undefined
  /** Uptime milliseconds of the last word from the other side. */
  heardMs: number
  device?: Device
}

/** What the FMC remembers of a device's connection; not persisted. */
export interface DeviceLink {
  readonly connected: boolean
  /** Revision of the cloud settings that were last sent to the device; absent before the first broadcast that reached it. */
  readonly sentRevision?: number
}

export interface Sftunnel extends AsyncDisposable {
  linkOf(device: Device): DeviceLink
  /** Sends the cloud settings to every device that is connected (seed B). The others miss them until they connect again. */
  broadcastCloud(): void
  /** Sends the health policy to every device that is connected. */
  broadcastHealthPolicy(): void
}

export interface SftunnelOptions {
  readonly config: FmcConfig
  readonly store: Store
  readonly health: Health
  readonly tokens: RegistrationTokens
}

/**
 * The management channel's server: TLS on 8305 (public), frames of contract/sftunnel.ts (invented). One connection a device, the newer one wins; one
 * timer for all. Rejects with EADDRINUSE when the port is taken.
 */
export async function startSftunnel(world: World, { config, store, health, tokens }: SftunnelOptions): Promise<Sftunnel> {
  const { state } = store
  const byId = new Map(state.devices.map((device) => [device.id, device]))
  const sessions = new Set<Session>()
  const current = new Map<Device, Session>()
  const sentRevisions = new Map<Device, number>()
  const awaySinceMs = new Map(state.devices.map((device) => [device, world.clock.uptimeMs()]))
  let closed = false

  function sendCloud(device: Device, session: Session, settings: CloudSettings): void {
    session.channel.send({ kind: 'cloud', settings })
    sentRevisions.set(device, settings.revision)
  }

  function settingsFor(): (device: Device) => CloudSettings {
    const excluded = new Set(state.cloud.excludedDevices)
    const forMost = cloudSettings(state, false)
    const forExcluded = cloudSettings(state, true)
    return (device) => (excluded.has(device.id) ? forExcluded : forMost)
  }

  /** The device that says this hello, or why there is none. */
  function identify(hello: FromDevice & { kind: 'hello' }, remoteAddress: string | undefined): Device | string {
    const known = byId.get(hello.uuid)
    if (known) return known.registrationKey === hello.registrationKey ? known : 'registration key mismatch'
    const pending = state.devices.filter(
      (device) => !device.registered && (device.address === hello.address || device.address === remoteAddress),
    )
    if (pending.length === 0) return `no device ${hello.uuid} at ${hello.address} is managed here`
    return pending.find((device) => device.registrationKey === hello.registrationKey) ?? 'registration key mismatch'
  }

  function greet(session: Session, hello: FromDevice & { kind: 'hello' }): void {
    const device = identify(hello, session.remoteAddress)
    if (typeof device === 'string') {
      refuse(session, device)
      return
    }
    const { uuid, hostname, model, version } = hello
    if (!device.registered || device.hostname !== hostname || device.model !== model || device.version !== version) {
      byId.delete(device.id)
      byId.set(uuid, device)
      Object.assign(device, { id: uuid, registered: true, hostname, model, version })
      // Were it lost, the device's next hello would bring it again.
      store.markDirty()
    }
    const older = current.get(device)
    session.device = device
    current.set(device, session)
    older?.drop()
    session.channel.send({ kind: 'welcome', manager: config.hostname })
    sendCloud(device, session, settingsFor()(device))
    session.channel.send({ kind: 'health-policy', policy: devicePolicy(state) })
    reportHeartbeat(device, true)
  }

  function refuse(session: Session, reason: string): void {
    world.log.warn('sftunnel.refused', { remoteAddress: session.remoteAddress, reason })
    session.channel.send({ kind: 'refused', reason })
    session.channel.close()
  }

  function receive(session: Session, message: FromDevice): void {
    session.heardMs = world.clock.uptimeMs()
    if (message.kind === 'hello') {
      if (session.device) refuse(session, 'hello was said already')
      else greet(session, message)
      return
    }
    const { device } = session
    if (!device) {
      refuse(session, 'hello must be the first message')
      return
    }
    if (message.kind === 'heartbeat') session.channel.send({ kind: 'heartbeat', at: world.clock.now() })
    else if (message.kind === 'health') for (const report of message.reports) health.report(device, report)
    else void answerTokenRequest(session, device, message.request)
  }

  async function answerTokenRequest(session: Session, device: Device, request: number): Promise<void> {
    let answer: ToDevice
    try {
      answer = { kind: 'token', request, token: await tokens.mint(device) }
      device.token = { at: world.clock.now() }
    } catch (error) {
      // Anything but a refusal is a bug of the lab: the device is told, and the lab's log has it whole.
      if (!(error instanceof TokenRefused)) world.log.error('fmc.token', { device: device.name, error })
      const reason = error instanceof TokenRefused ? error.message : 'internal error'
      answer = { kind: 'token', request, error: reason }
      device.token = { at: world.clock.now(), refusedBecause: reason }
    }
    store.markDirty()
    session.channel.send(answer)
  }

  function reportHeartbeat(device: Device, alive: boolean): void {
    health.report(device, {
      module: 'HEARTBEAT',
      status: alive ? 'GREEN' : 'RED',
      description: alive
        ? `Appliance ${device.name} is sending heartbeats correctly`
        : `Appliance ${device.name} is not sending heartbeats`,
      details: '',
    })
  }

  async function serve(socket: TLSSocket): Promise<void> {
    const channel = lineChannel(socket, FromDevice, (message) => receive(session, message))
    const { remoteAddress } = socket
    const session: Session = { channel, drop: () => socket.destroy(), remoteAddress, heardMs: world.clock.uptimeMs() }
    sessions.add(session)
    const error = await channel.closed
    sessions.delete(session)
    const { device } = session
    if (error) world.log.info('sftunnel.closed', { device: device?.name, error: error.message })
    if (!device || current.get(device) !== session) return
    current.delete(device)
    awaySinceMs.set(device, world.clock.uptimeMs())
  }

  const identity = { chainPem: config.sftunnel.certPem, keyPem: config.sftunnel.keyPem }
  const onError = (error: Error): void => world.log.debug('sftunnel.handshake', { error: error.message })
  const accept = acceptTls({ clock: world.clock, identity: () => identity, onError }, (socket) => void serve(socket))
  const listener = await world.net.listen({ port: SFTUNNEL_PORT }, accept)

  function sweep(): void {
    const now = world.clock.uptimeMs()
    for (const session of sessions) if (now - session.heardMs > SILENCE_LIMIT_MS) session.drop()
    for (const device of state.devices) {
      if (current.has(device)) reportHeartbeat(device, true)
      else if (now - awaySinceMs.get(device)! >= HEARTBEAT_ALERT_MS) reportHeartbeat(device, false)
    }
    void Promise.all([store.saveIfDirty(), health.saveIfDirty()]).catch((error: unknown) => world.log.error('fmc.save', { error }))
    timer = closed ? undefined : world.clock.after(SWEEP_INTERVAL_MS, sweep)
  }
  let timer: Disposable | undefined = world.clock.after(SWEEP_INTERVAL_MS, sweep)

  return {
    linkOf(device) {
      const sentRevision = sentRevisions.get(device)
      return { connected: current.has(device), ...(sentRevision !== undefined && { sentRevision }) }
    },
    broadcastCloud() {
      const settings = settingsFor()
      for (const [device, session] of current) sendCloud(device, session, settings(device))
    },
    broadcastHealthPolicy() {
      const policy = devicePolicy(state)
      for (const session of current.values()) session.channel.send({ kind: 'health-policy', policy })
    },
    async [Symbol.asyncDispose]() {
      closed = true
      timer?.[Symbol.dispose]()
      await listener[Symbol.asyncDispose]()
      for (const session of sessions) session.drop()
      await Promise.all([...sessions].map((session) => session.channel.closed))
    },
  }
}
