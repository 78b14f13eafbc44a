import { REGIONS } from '../contract/region.ts'
import { DeviceList, EventCounts, EventList, SSE_PATHS } from '../contract/sse.ts'
import { OPERATOR } from '../contract/topology.ts'
import type { Lab, LabResponse } from './lab.ts'

/** Access tokens are asked for with this life (`expiry=60`); half of it is safe. */
const TOKEN_LIFE_MS = 30_000

/** As much of a lab as it takes to ask its cloud. */
export type CloudSite = Pick<Lab, 'request' | 'region' | 'now'>

const tokens = new WeakMap<CloudSite, { readonly token: string; readonly untilMs: number }>()

/** The devices that are registered in the lab's region, as the SSE portal's Devices page lists them. */
export async function cloudDevices(lab: CloudSite): Promise<DeviceList['items']> {
  return DeviceList.parse((await get(lab, SSE_PATHS.devices)).body).items
}

/** How many events of each device the cloud has. */
export async function cloudEventCounts(lab: CloudSite): Promise<EventCounts['items']> {
  return EventCounts.parse((await get(lab, SSE_PATHS.eventCounts)).body).items
}

/** A page of the cloud's events, in the order in which they were stored. */
export async function cloudEvents(
  lab: CloudSite,
  query: { device?: string; type?: string; after?: string; limit?: number } = {},
): Promise<EventList> {
  const words = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
  return EventList.parse((await get(lab, `${SSE_PATHS.events}?${words.join('&')}`)).body)
}

async function get(lab: CloudSite, path: string): Promise<LabResponse> {
  const response = await lab.request('sse', {
    method: 'GET',
    servername: REGIONS[lab.region].api,
    path,
    headers: { authorization: `Bearer ${await token(lab)}` },
  })
  if (response.status !== 200) throw new Error(`the cloud answered ${response.status} to GET ${path}: ${JSON.stringify(response.body)}`)
  return response
}

async function token(lab: CloudSite): Promise<string> {
  const known = tokens.get(lab)
  if (known !== undefined && known.untilMs > lab.now()) return known.token
  const { clientId, clientSecret, orgId } = OPERATOR.organisation
  const form = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
    offline_access: 'true',
    expiry: '60',
    scope: `org_id:${orgId}`,
  })
  const response = await lab.request('sse', {
    method: 'POST',
    servername: REGIONS[lab.region].api,
    path: SSE_PATHS.accessToken,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  const granted = (response.body as { access_token?: string }).access_token
  if (response.status !== 201 || granted === undefined)
    throw new Error(`the cloud refused the operator's credentials: ${response.status} ${JSON.stringify(response.body)}`)
  tokens.set(lab, { token: granted, untilMs: lab.now() + TOKEN_LIFE_MS })
  return granted
}
