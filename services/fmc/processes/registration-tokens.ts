import { z } from 'zod'
import { REGIONS } from '../../../shared/contract/region.ts'
import type { MintToken } from '../../../shared/contract/sse.ts'
import { SSE_PATHS } from '../../../shared/contract/sse.ts'
import { codeOf } from '../../../shared/kernel/errors.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { createAgent } from '../../../shared/wire/http/client.ts'
import type { HttpAgent, HttpResponse } from '../../../shared/wire/http/client.ts'
import type { FmcConfig } from '../config.ts'
import type { Device, Store } from '../state.ts'
import { readProxy } from './proxy-settings.ts'

/** The roots that the FMC trusts for the cloud. Path invented after the FTD's /ngfw/etc/ssl/connectorCA.pem. */
export const CONNECTOR_CA_FILE = '/etc/ssl/connectorCA.pem'

/** The FMC asks for access tokens of this life (public P32: `expiry=60`). */
const ACCESS_TOKEN_LIFE_MS = 60_000
/** So early a token counts as old, for it must still be good when it arrives. Invented. */
const ACCESS_TOKEN_MARGIN_MS = 5_000
/** What one exchange with the token API may take. Invented. */
const EXCHANGE_LIMIT_MS = 30_000
/** The services a device's token is for, and its expiry (public P32). */
const SERVICE_TYPES = ['ngfw', 'ITD-Base', 'hybrid-2.0']
const REGISTRATION_TOKEN_EXPIRY = 129_600

/** Why a device gets no token, in the words that it is told. All wordings are invented. */
export class TokenRefused extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'TokenRefused'
  }
}

export interface RegistrationTokens {
  /** A registration token for this device, fresh from the SSE token API (seed B: each FTD asks the FMC for one). Rejects with `TokenRefused`. */
  mint(device: Device): Promise<string>
  close(): void
}

interface Link {
  /** What the link was made with; when any of it changes, the next request makes a new one. */
  readonly key: string
  readonly agent: HttpAgent
  readonly host: string
  access?: { readonly token: Promise<string>; readonly untilMs: number }
}

/** Mints device registration tokens over one connection that is kept. */
export function createRegistrationTokens(world: World, config: FmcConfig, { state }: Pick<Store, 'state'>): RegistrationTokens {
  let link: Link | undefined

  /** The link for the region, the proxy and the trusted roots that hold now: files may have been edited since the last request. */
  async function currentLink(): Promise<Link> {
    const [proxy, ca] = await Promise.all([readProxy(world.files), readRoots(world)])
    const host = REGIONS[state.cloud.region].api
    const key = JSON.stringify([host, proxy, ca])
    if (link?.key === key) return link
    link?.agent.close()
    link = { key, host, agent: createAgent(world, { origin: `https://${host}`, ca, ...(proxy && { proxy }) }) }
    return link
  }

  function accessToken(to: Link): Promise<string> {
    if (to.access && world.clock.uptimeMs() < to.access.untilMs) return to.access.token
    const token = askAccessToken(to)
    const access = { token, untilMs: world.clock.uptimeMs() + ACCESS_TOKEN_LIFE_MS - ACCESS_TOKEN_MARGIN_MS }
    to.access = access
    // A failure is told to those who wait for it and not kept for the next.
    token.catch(() => {
      if (to.access === access) delete to.access
    })
    return token
  }

  async function askAccessToken(to: Link): Promise<string> {
    const { clientId, clientSecret, orgId } = config.organisation
    const form = new URLSearchParams({
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'client_credentials',
      offline_access: 'true',
      expiry: String(ACCESS_TOKEN_LIFE_MS / 1_000),
      scope: `org_id:${orgId}`,
    })
    const answer = await exchange(to, SSE_PATHS.accessToken, { 'content-type': 'application/x-www-form-urlencoded' }, form.toString())
    if (answer.status !== 201 && answer.status !== 200) throw answered(to, 'the request for an access token', answer)
    return field(to, answer, 'access_token')
  }

  async function askRegistrationToken(to: Link, device: Device): Promise<HttpResponse> {
    const access = await accessToken(to)
    const body: MintToken = { principal: { deviceId: device.id, serviceType: SERVICE_TYPES }, expiry: REGISTRATION_TOKEN_EXPIRY }
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${access}` }
    return exchange(to, SSE_PATHS.registrationToken, headers, JSON.stringify(body))
  }

  async function exchange(to: Link, path: string, headers: Readonly<Record<string, string>>, body: string): Promise<HttpResponse> {
    try {
      return await to.agent.request(path, { method: 'POST', headers, body, timeoutMs: EXCHANGE_LIMIT_MS })
    } catch (error) {
      // Without a code it is no failure of the network but ours.
      if (codeOf(error) === undefined) throw error
      throw new TokenRefused(`cannot reach ${to.host}: ${(error as Error).message}`, { cause: error })
    }
  }

  return {
    async mint(device) {
      if (!state.cloud.enabled) throw new TokenRefused('Cisco Cloud Event Configuration is turned off on the manager')
      if (config.licence.state === 'EVALUATION')
        throw new TokenRefused('the manager is in evaluation mode; register it with Cisco Smart Software Manager')
      if (config.licence.state === 'UNREGISTERED') throw new TokenRefused('the manager is not registered with Cisco Smart Software Manager')
      const to = await currentLink()
      let answer = await askRegistrationToken(to, device)
      if (answer.status === 401 && to.access) {
        // The cloud no longer knows the access token that we kept: ask once for a new one.
        delete to.access
        answer = await askRegistrationToken(to, device)
      }
      if (answer.status !== 201 && answer.status !== 200) throw answered(to, 'the request for a registration token', answer)
      return field(to, answer, 'token')
    },
    close() {
      link?.agent.close()
      link = undefined
    },
  }
}

async function readRoots(world: World): Promise<string> {
  try {
    return (await world.files.read(CONNECTOR_CA_FILE)).toString('utf8')
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    throw new TokenRefused(`cannot read ${CONNECTOR_CA_FILE}: ${codeOf(error)}`, { cause: error })
  }
}

function answered(to: Link, what: string, answer: HttpResponse): TokenRefused {
  return new TokenRefused(`${to.host} answered ${what} with ${answer.status} ${answer.statusText}`)
}

// Made once: zod compiles a schema when it is first used, which costs more than the whole exchange.
const ANSWERS = { access_token: z.object({ access_token: z.string().min(1) }), token: z.object({ token: z.string().min(1) }) } as const

function field(to: Link, answer: HttpResponse, name: 'access_token' | 'token'): string {
  try {
    const values: Readonly<Partial<Record<typeof name, string>>> = ANSWERS[name].parse(JSON.parse(answer.body.toString('utf8')))
    return values[name]!
  } catch (error) {
    throw new TokenRefused(`${to.host} answered ${answer.status} without a usable ${name}`, { cause: error })
  }
}
