import { REGION_IDS, REGIONS, type RegionId } from '../../../shared/contract/region.ts'
import { SSE_PATHS, type SseAccount } from '../../../shared/contract/sse.ts'
import type { LabRequest, LabResponse } from '../../../shared/scenario/lab.ts'

/** What the portal of a fake cloud shows. Its devices are registered in `us`. */
export interface FakeCloud {
  readonly accounts: Record<RegionId, SseAccount>
  readonly registered: Record<string, boolean>
}

export function fakeCloud(): FakeCloud {
  const account = () => ({ services: { eventing: true }, virtualAccount: { name: 'DEFAULT', securityLicences: true } })
  return { accounts: { us: account(), eu: account(), apj: account() }, registered: { ftd1: true, ftd2: true } }
}

/** The portal's API as far as faults use it. A token is good for the region that gave it. */
export function answerOfCloud(cloud: FakeCloud, { method, path, body, headers, servername }: LabRequest): LabResponse {
  const reply = (status: number, answered?: unknown): LabResponse => ({ status, headers: {}, body: answered })
  const region = REGION_IDS.find((id) => REGIONS[id].api === servername)
  if (region === undefined) return reply(403, 'Forbidden')
  if (path === SSE_PATHS.accessToken) return reply(201, { access_token: `token-${region}` })
  if (headers?.['authorization'] !== `Bearer token-${region}`) return reply(401, { error: 'invalid_token' })
  if (path === SSE_PATHS.account) {
    if (method === 'PUT') cloud.accounts[region] = body as SseAccount
    return reply(200, cloud.accounts[region])
  }
  const shown = region === 'us' && cloud.accounts.us.virtualAccount.securityLicences
  const names = Object.keys(cloud.registered).filter((name) => cloud.registered[name])
  if (path === SSE_PATHS.devices) return reply(200, { items: shown ? names.map(deviceNamed) : [] })
  const name = path.slice(`${SSE_PATHS.devices}/id-`.length)
  if (!names.includes(name)) return reply(404, { error: 'not_found' })
  cloud.registered[name] = false
  return reply(202)
}

function deviceNamed(name: string): unknown {
  return {
    id: `id-${name}`,
    guid: `guid-${name}`,
    name,
    type: 'ngfw',
    version: '6.5.0',
    ip: '192.0.2.27',
    registeredAt: 0,
    connected: true,
  }
}
