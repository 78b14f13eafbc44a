import { REGIONS, type RegionId } from '../contract/region.ts'
import { DeviceList, EventCounts, EventList, SSE_PATHS, SseAccount } from '../contract/sse.ts'
import { OPERATOR } from '../contract/topology.ts'
import { LabError } from '../kernel/errors.ts'
import type { Lab, LabRequest, LabResponse } from './lab.ts'

/** Access tokens are asked for with this life (`expiry=60`); half of it is safe. */
const TOKEN_LIFE_MS = 30_000
/** The lab's host that is the cloud. */
const CLOUD_HOST = 'sse'

/** As much of a lab as it takes to ask its cloud. */
export type CloudSite = Pick<Lab, 'request' | 'region' | 'now'>

/** The cloud did not answer, or not as it should: what an operator sees of it. */
export class CloudError extends LabError {
  constructor(message: string, options?: ErrorOptions) {
    super('LAB_STATE_BROKEN', message, options)
    this.name = 'CloudError'
  }
}

/** A call to the API of one region with the organisation's access token. Rejects with `CloudError` unless it is answered with the expected status. */
export type CloudCall = (request: Pick<LabRequest, 'method' | 'path' | 'body'>, expected: number) => Promise<LabResponse>

const sessions = new WeakMap<CloudSite, { readonly call: CloudCall; readonly untilMs: number }>()

/** The devices that are registered in the lab's region, as the SSE portal's Devices page lists them. */
export async function cloudDevices(lab: CloudSite): Promise<DeviceList['items']> {
  return devicesOf(await session(lab))
}

/** The devices that are registered in the call's region, as the portal's Devices page lists them: none without security licences (seed A). */
export async function devicesOf(call: CloudCall): Promise<DeviceList['items']> {
  return DeviceList.parse((await call({ method: 'GET', path: SSE_PATHS.devices }, 200)).body).items
}

/** How many events of each device the cloud has. */
export async function cloudEventCounts(lab: CloudSite): Promise<EventCounts['items']> {
  const call = await session(lab)
  return EventCounts.parse((await call({ method: 'GET', path: SSE_PATHS.eventCounts }, 200)).body).items
}

/** A page of the cloud's events, in the order in which they were stored. */
export async function cloudEvents(
  lab: CloudSite,
  query: { device?: string; type?: string; after?: string; limit?: number } = {},
): Promise<EventList> {
  const words = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
  const call = await session(lab)
  return EventList.parse((await call({ method: 'GET', path: `${SSE_PATHS.events}?${words.join('&')}` }, 200)).body)
}

/** What the organisation's administrator has set in the portal of the call's region. */
export async function accountOf(call: CloudCall): Promise<SseAccount> {
  return SseAccount.parse((await call({ method: 'GET', path: SSE_PATHS.account }, 200)).body)
}

export async function setAccount(call: CloudCall, account: SseAccount): Promise<void> {
  await call({ method: 'PUT', path: SSE_PATHS.account, body: account }, 200)
}

/** Logs the lab's organisation in to the portal of one region. Rejects with `CloudError`. */
export async function logIn(site: Pick<Lab, 'request'>, region: RegionId): Promise<CloudCall> {
  const { clientId, clientSecret, orgId } = OPERATOR.organisation
  const form = new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    grant_type: 'client_credentials',
    offline_access: 'true',
    expiry: '60',
    scope: `org_id:${orgId}`,
  })
  const request: LabRequest = {
    method: 'POST',
    path: SSE_PATHS.accessToken,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  }
  const { access_token: token } = (await ask(site, region, request, 201)).body as { access_token: string }
  const headers = { authorization: `Bearer ${token}` }
  return (call, expected) => ask(site, region, { ...call, headers }, expected)
}

/** A session of the lab's own, kept while its token is good. */
async function session(lab: CloudSite): Promise<CloudCall> {
  const known = sessions.get(lab)
  if (known !== undefined && known.untilMs > lab.now()) return known.call
  const call = await logIn(lab, lab.region)
  sessions.set(lab, { call, untilMs: lab.now() + TOKEN_LIFE_MS })
  return call
}

async function ask(site: Pick<Lab, 'request'>, region: RegionId, request: LabRequest, expected: number): Promise<LabResponse> {
  let response: LabResponse
  try {
    response = await site.request(CLOUD_HOST, { ...request, servername: REGIONS[region].api })
  } catch (error) {
    if (error instanceof LabError) throw error
    throw new CloudError(`the cloud gave no answer to ${request.method} ${request.path}: ${(error as Error).message}`, { cause: error })
  }
  if (response.status === expected) return response
  // What is no JSON is a page for people, which says no more than its status.
  const said = typeof response.body === 'string' ? '' : `: ${JSON.stringify(response.body)}`
  throw new CloudError(`the cloud answered ${response.status} to ${request.method} ${request.path}${said}`)
}
