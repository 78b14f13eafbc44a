import { OPERATOR } from '../contract/topology.ts'
import type { LabRequest, LabResponse } from './lab.ts'

const GLOBAL_DOMAIN = 'e276abec-e0f2-11e3-8169-6d9ed49b625f'

/** Whatever can send a request to a lab host: a Lab, or a fault's site. */
export interface Requester {
  request(host: string, request: LabRequest): Promise<LabResponse>
}

const tokens = new WeakMap<Requester, string>()

/**
 * A call to FMC's configuration REST API by the operator. Logs in when there is no token or it is refused.
 * @param path below `/api/fmc_config/v1/domain/{domain}`, e.g. `/health/alerts`
 */
export async function fmcConfig(site: Requester, method: LabRequest['method'], path: string, body?: unknown): Promise<LabResponse> {
  const call = async (token: string) =>
    site.request('fmc', {
      method,
      path: `/api/fmc_config/v1/domain/${GLOBAL_DOMAIN}${path}`,
      headers: { 'x-auth-access-token': token },
      ...(body === undefined ? {} : { body }),
    })
  let response = await call(tokens.get(site) ?? (await login(site)))
  if (response.status === 401) response = await call(await login(site))
  if (response.status >= 400) throw new Error(`FMC answered ${response.status} to ${method} ${path}: ${JSON.stringify(response.body)}`)
  return response
}

async function login(site: Requester): Promise<string> {
  const basic = Buffer.from(`${OPERATOR.user}:${OPERATOR.password}`).toString('base64')
  const response = await site.request('fmc', {
    method: 'POST',
    path: '/api/fmc_platform/v1/auth/generatetoken',
    headers: { authorization: `Basic ${basic}` },
  })
  const token = response.headers['x-auth-access-token']
  if (response.status !== 204 || token === undefined)
    throw new Error(`FMC refused the operator's login: ${response.status} ${JSON.stringify(response.body)}`)
  tokens.set(site, token)
  return token
}
