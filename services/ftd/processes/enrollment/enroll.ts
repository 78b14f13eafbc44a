import type { World } from '../../../../shared/kernel/world.ts'
import { activateContext, createContext, deleteContext, fetchContext, type ShownContext } from '../../connector-client.ts'
import { readConnectorProperties } from '../../connector-properties.ts'
import { readDevice, readHostname } from '../../device.ts'
import { requestToken } from '../../sftunnel-client.ts'
import type { ContextBody } from '../connector/context.ts'

/** How often it is looked whether the connector has registered: public callers wait 5 s (P32). */
const POLL_MS = 5_000
const DEFAULT_REFRESH_SECONDS = 180

/** The enrolment did not succeed. The message says why, for action_queue.log. */
export class EnrollmentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EnrollmentError'
  }
}

/**
 * Whether the connector's context is as it should be. One that the cloud no longer knows is left alone: somebody removed the device there on purpose, and it takes a new
 * context (or the cloud switched off and on) to come back. (FM-064)
 */
export async function isSettled(world: World, context: ShownContext | undefined): Promise<boolean> {
  if (context === undefined) return false
  const { status } = context.status
  return (status === 'Enrolled' || status === 'Deregistered') && sameExchange(context, await contextBody(world))
}

/**
 * Enrols the device: a token from the manager, a context on the connector, its activation (seed B); then waits until the connector has registered.
 * Rejects with `EnrollmentError`, or with the signal's reason.
 */
export async function enroll(world: World, context: ShownContext | undefined, signal: AbortSignal): Promise<void> {
  const body = await contextBody(world)
  const token = await step('no registration token', requestToken(world, signal))
  if (context !== undefined && !sameExchange(context, body)) await step('cannot delete the context', deleteContext(world))
  await step('cannot create the context', createContext(world, body))
  await step('cannot activate the context', activateContext(world, token))
  for (;;) {
    await world.clock.sleep(POLL_MS, signal)
    const status = (await step('cannot see the context', fetchContext(world)))?.status.status
    if (status === 'Enrolled') return
    if (status !== 'Activating') throw new EnrollmentError(`the context is ${status ?? 'gone'}`)
  }
}

async function step<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new EnrollmentError(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** What the device tells the connector about itself; where to register comes from connector.properties. (public P33 for the shape) */
async function contextBody(world: World): Promise<ContextBody> {
  const device = await readDevice(world.files)
  const { fqdn, registrationIntervalSeconds } = await readConnectorProperties(world.files)
  return {
    clientInfo: {
      name: await readHostname(world.files),
      guid: device.uuid,
      type: 'ngfw',
      version: `${device.version}-${device.build}`,
      description: 'Cisco Firepower Threat Defense',
      ip: world.net.interfaces()[0]?.address ?? '',
    },
    settings: { exchange: { fqdn: fqdn ?? '', registration: { refreshInterval: registrationIntervalSeconds ?? DEFAULT_REFRESH_SECONDS } } },
  }
}

function sameExchange(a: ContextBody, b: ContextBody): boolean {
  return a.settings.exchange.fqdn === b.settings.exchange.fqdn
}
