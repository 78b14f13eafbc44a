import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { EventType } from '../../../shared/contract/event.ts'
import { INGEST_PATH } from '../../../shared/contract/ingest.ts'
import { REGIONS, type RegionId } from '../../../shared/contract/region.ts'
import {
  MintToken,
  RegisterClient,
  SseAccount,
  type DeviceList,
  type EventCounts,
  type EventList,
  type RegionList,
  type RegisteredClient,
} from '../../../shared/contract/sse.ts'
import type { Clock } from '../../../shared/kernel/clock.ts'
import type { Random } from '../../../shared/kernel/random.ts'
import type { Organisation } from '../config.ts'
import type { Device } from '../state/devices.ts'
import type { Scope, State } from '../state.ts'
import { accessDenied, invalidClient, invalidRequest, invalidToken, notFound } from './errors.ts'

/** What operations work on. */
export interface Cloud {
  readonly clock: Clock
  readonly random: Random
  readonly state: State
  readonly regions: readonly RegionId[]
  readonly organisations: readonly Organisation[]
  /** Whether the device's eventing WebSocket is open now. */
  isConnected(device: Device): boolean
  /** Ends the device's eventing WebSocket, if there is one. */
  disconnect(device: Device, reason: string): void
}

/** An access token's life when the client names none. Public scripts ask for `expiry=60`; seconds are an assumption. */
const ACCESS_TOKEN_S = 60
const LONGEST_ACCESS_TOKEN_S = 3_600
const REGISTRATION_TOKEN_LENGTH = 32
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.split('')

/** The regions that this cloud has: 200 for everybody, because canConnect calls it with `curl -f`. (path seed A; body invented) */
export function listRegions(cloud: Cloud): RegionList {
  return cloud.regions.map((region) => {
    const { id, name, description, api } = REGIONS[region]
    return { id, name, description, fqdn: api }
  })
}

const AccessTokenForm = z.object({
  client_id: z.string(),
  client_secret: z.string(),
  grant_type: z.literal('client_credentials'),
  scope: z.string().regex(/^org_id:./, { error: 'scope is org_id:<organisation>' }),
  expiry: z.coerce.number().int().min(1).max(LONGEST_ACCESS_TOKEN_S).default(ACCESS_TOKEN_S),
})

/** An access token for an organisation in this region. (request public; its life in seconds invented) */
export function issueAccessToken(cloud: Cloud, region: RegionId, form: Readonly<Record<string, string>>): { access_token: string } {
  const { client_id, client_secret, scope, expiry } = parse(AccessTokenForm, form)
  const organisation = cloud.organisations.find(({ clientId }) => clientId === client_id)
  if (organisation === undefined || !sameSecret(organisation.clientSecret, client_secret)) throw invalidClient()
  if (scope !== `org_id:${organisation.orgId}`) throw accessDenied(`this client may not act for ${scope}`)
  const now = cloud.clock.now()
  const token = secretToken(cloud)
  cloud.state.tokens.addAccess(token, { region, orgId: organisation.orgId }, now, now + expiry * 1_000)
  return { access_token: token }
}

/** A registration token for one device: 32 alphanumeric characters, used once. (public; `expiry` taken as seconds) */
export function mintRegistrationToken(cloud: Cloud, scope: Scope, body: unknown): { token: string } {
  const { principal, expiry } = parse(MintToken, body)
  const token = Array.from({ length: REGISTRATION_TOKEN_LENGTH }, () => cloud.random.pick(ALPHANUMERIC)).join('')
  const now = cloud.clock.now()
  cloud.state.tokens.addRegistration(token, { ...scope, guid: principal.deviceId }, now, now + expiry * 1_000)
  return { token }
}

/**
 * Registers the device that the registration token was made for, or, with the device's own access token, takes over its name, version and address
 * again. A device that registers anew keeps its id and events; its old access token and WebSocket end. (path seed A; bodies invented)
 */
export function registerClient(cloud: Cloud, region: RegionId, bearer: string, body: unknown): RegisteredClient {
  const client = parse(RegisterClient, body)
  const known = cloud.state.devices.byAccessToken(bearer)
  if (known !== undefined) {
    if (known.region !== region) throw accessDenied('this device is registered in another region')
    if (known.guid !== client.guid) throw accessDenied('this access token belongs to another device')
    return registered(cloud, cloud.state.devices.refresh(known, client))
  }
  const now = cloud.clock.now()
  const registration = cloud.state.tokens.registration(bearer, region, now)
  if (registration === undefined) throw invalidToken('the token is unknown in this region, was used or has expired')
  if (registration.guid !== client.guid) throw accessDenied('this registration token was made for another device')
  cloud.state.tokens.useUp(bearer)
  const device = cloud.state.devices.register(registration, client, { id: cloud.random.uuid(), accessToken: secretToken(cloud) }, now)
  cloud.disconnect(device, 'the device registered anew')
  return registered(cloud, device)
}

/** Removes a device by its id or guid; it loses its access at once, its events stay. (public: DELETE answers 202) */
export function removeDevice(cloud: Cloud, scope: Scope, idOrGuid: string): void {
  const device = cloud.state.devices.remove(scope, idOrGuid)
  if (device === undefined) throw notFound(`no device ${idOrGuid}`)
  cloud.disconnect(device, 'the device was removed')
}

/** The portal's Devices page: nothing when the linked virtual account has no security licences (seed A). */
export function listDevices(cloud: Cloud, scope: Scope): DeviceList {
  if (!isShown(cloud, scope)) return { items: [] }
  const items = cloud.state.devices.list(scope).map((device) => {
    const { id, guid, name, type, version, ip, registeredAt } = device
    return { id, guid, name, type, version, ip, registeredAt, connected: cloud.isConnected(device) }
  })
  return { items }
}

const EventsQuery = z.object({
  device: z.string().optional(),
  type: EventType.optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** A page of the portal's Events page: nothing when the linked virtual account has no security licences (seed A). (invented) */
export function listEvents(cloud: Cloud, scope: Scope, query: Readonly<Record<string, string>>): EventList {
  const parsed = parse(EventsQuery, query)
  return isShown(cloud, scope) ? cloud.state.events.page(scope, parsed) : { items: [] }
}

/** How many events each device has stored. (invented) */
export function countEvents(cloud: Cloud, scope: Scope): EventCounts {
  return isShown(cloud, scope) ? cloud.state.events.counts(scope) : { items: [] }
}

/** What the organisation's administrator has set in this region's portal. (invented) */
export function getAccount(cloud: Cloud, scope: Scope): SseAccount {
  return cloud.state.accounts.get(scope)
}

/** Replaces these settings; Eventing off ends the eventing WebSockets of the organisation's devices. (toggle seed A; the ending invented) */
export function putAccount(cloud: Cloud, scope: Scope, body: unknown): SseAccount {
  const account = parse(SseAccount, body)
  cloud.state.accounts.set(scope, account)
  if (!account.services.eventing) {
    for (const device of cloud.state.devices.list(scope)) cloud.disconnect(device, 'eventing is off for this organisation')
  }
  return account
}

function registered(cloud: Cloud, device: Device): RegisteredClient {
  const organisation = cloud.organisations.find(({ orgId }) => orgId === device.orgId)
  return {
    id: device.id,
    tenant: { id: device.orgId, name: organisation?.name ?? device.orgId },
    accessToken: device.accessToken,
    services: { eventing: { fqdn: REGIONS[device.region].ingest, path: INGEST_PATH } },
  }
}

function isShown(cloud: Cloud, scope: Scope): boolean {
  return cloud.state.accounts.get(scope).virtualAccount.securityLicences
}

function secretToken(cloud: Cloud): string {
  return cloud.random.bytes(32).toString('base64url')
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (!result.success) throw invalidRequest(z.prettifyError(result.error))
  return result.data
}

function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
