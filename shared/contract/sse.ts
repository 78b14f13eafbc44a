import { z } from 'zod'
import { EventType } from './event.ts'

/**
 * The SSE cloud's HTTP API. Paths marked (seed) or (public) are known; bodies and the read API are invented unless said.
 * Every host name answers `GET /` (and every unknown path without credentials) with the documented 403 `Forbidden`.
 */
export const SSE_PATHS = {
  /** (seed) `GET`, anonymous: `RegionList`. */
  regions: '/providers/sse/api/v1/regions',
  /** (seed) `POST` with `Authorization: Bearer <registration token>` and `RegisterClient`: 201 `RegisteredClient`. Anonymous GET: 403 `Forbidden`. */
  clients: '/providers/sse/services/registration/api/v2/clients',
  /** (public) `POST` form `client_id, client_secret, grant_type=client_credentials, scope=org_id:<ORG>`: 201 `{access_token}`. */
  accessToken: '/providers/sse/services/token/api/v2/oauth/service/access_token',
  /** (public) `POST`, Bearer access token, `MintToken`: 201 `{token}`: 32 characters, used once, for that device. */
  registrationToken: '/providers/sse/services/token/api/v2/auth_tokens/registration',
  /** (public) `DELETE /…/{deviceId}`, Bearer access token: 202. `GET` (invented): `DeviceList`. */
  devices: '/providers/sse/services/scim/v2/Devices',
  /** (invented) read API of the portal: `GET ?device=&type=&after=&limit=`: `EventList`. Bearer access token. */
  events: '/providers/sse/services/events/api/v1/events',
  /** (invented) `GET`, Bearer access token: `EventCounts`, a row a device, for the portal's Events page. */
  eventCounts: '/providers/sse/services/events/api/v1/counts',
  /** (invented) `GET` and `PUT`, Bearer access token: `SseAccount`: the portal's *Cloud Services* and *Link Accounts* pages. */
  account: '/providers/sse/services/portal/api/v1/account',
} as const

export const RegionList = z.array(z.object({ id: z.string(), name: z.string(), description: z.string(), fqdn: z.string() }))
export type RegionList = z.infer<typeof RegionList>

export const MintToken = z.object({
  principal: z.object({ deviceId: z.string().min(1), serviceType: z.array(z.string()).default([]) }),
  expiry: z.number().int().positive().default(129_600),
})
export type MintToken = z.infer<typeof MintToken>

export const RegisterClient = z.object({
  name: z.string().min(1),
  guid: z.string().min(1),
  type: z.string(),
  version: z.string(),
  description: z.string().default(''),
  ip: z.string(),
})
export type RegisterClient = z.infer<typeof RegisterClient>

export const RegisteredClient = z.object({
  id: z.string(),
  tenant: z.object({ id: z.string(), name: z.string() }),
  /** Authorises the device's eventing WebSocket and refreshes; until the device is removed. */
  accessToken: z.string(),
  services: z.object({ eventing: z.object({ fqdn: z.string(), path: z.string() }) }),
})
export type RegisteredClient = z.infer<typeof RegisteredClient>

export const DeviceList = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      guid: z.string(),
      name: z.string(),
      type: z.string(),
      version: z.string(),
      ip: z.string(),
      registeredAt: z.number(),
      /** Whether the device's eventing WebSocket is open now. */
      connected: z.boolean(),
    }),
  ),
})
export type DeviceList = z.infer<typeof DeviceList>

export const EventList = z.object({
  items: z.array(
    z.object({
      device: z.string(),
      deviceName: z.string(),
      number: z.number(),
      type: EventType,
      id: z.number(),
      time: z.number(),
      storedAt: z.number(),
      fields: z.record(z.string(), z.union([z.string(), z.number()])),
    }),
  ),
  /** Pass as `after` to go on; absent at the end. */
  next: z.string().optional(),
})
export type EventList = z.infer<typeof EventList>

export const EventCounts = z.object({
  items: z.array(
    z.object({
      device: z.string(),
      deviceName: z.string(),
      /** Distinct events stored. */
      stored: z.number(),
      /** Events that came again and were dropped. */
      repeated: z.number(),
      highest: z.number(),
      lastStoredAt: z.number().optional(),
      /** Connections that were closed because of what the device sent: bad frames, bad JSON, bad batches. */
      rejected: z.number().default(0),
    }),
  ),
})
export type EventCounts = z.infer<typeof EventCounts>

/** What an organisation's administrator sets in the portal of one region. `PUT` replaces it. */
export const SseAccount = z.strictObject({
  services: z.strictObject({
    /** *Cloud Services* > Eventing. Off: no device of the organisation gets or keeps an eventing WebSocket. */
    eventing: z.boolean(),
  }),
  /** The linked virtual account. Without security licences in it devices and events are not shown (seed A). */
  virtualAccount: z.strictObject({ name: z.string().min(1), securityLicences: z.boolean() }),
})
export type SseAccount = z.infer<typeof SseAccount>
