import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RegionId } from '../../../shared/contract/region.ts'
import { SSE_PATHS } from '../../../shared/contract/sse.ts'
import type { Log } from '../../../shared/kernel/log.ts'
import { NOT_EMULATED, hostName, type Site } from '../hosts.ts'
import type { Scope } from '../state.ts'
import type { Answers } from './answer.ts'
import { ApiError, invalidRequest, invalidToken, methodNotAllowed, notEmulated, notFound } from './errors.ts'
import {
  countEvents,
  getAccount,
  issueAccessToken,
  listDevices,
  listEvents,
  listRegions,
  mintRegistrationToken,
  putAccount,
  registerClient,
  removeDevice,
  type Cloud,
} from './operations.ts'
import { bearerOf, readBody, urlOf } from './request.ts'

/** What an operation's handler gets of a request. */
interface Call {
  readonly region: RegionId
  readonly bearer: string
  readonly url: URL
  readonly body: Buffer
  /** The organisation of the access token. Throws 401 when there is none. */
  scope(): Scope
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Answers without an Authorization header too. */
  readonly anonymous?: true
  /** The path goes on with a slash and a last segment. */
  readonly item?: true
  readonly status: number
  readonly run: (cloud: Cloud, call: Call) => unknown
}

const ROUTES: readonly Route[] = [
  { method: 'GET', path: SSE_PATHS.regions, anonymous: true, status: 200, run: (cloud) => listRegions(cloud) },
  {
    method: 'POST',
    path: SSE_PATHS.accessToken,
    anonymous: true,
    status: 201,
    run: (cloud, { region, body }) => issueAccessToken(cloud, region, Object.fromEntries(new URLSearchParams(body.toString()))),
  },
  {
    method: 'POST',
    path: SSE_PATHS.registrationToken,
    status: 201,
    run: (cloud, call) => mintRegistrationToken(cloud, call.scope(), json(call.body)),
  },
  {
    method: 'POST',
    path: SSE_PATHS.clients,
    status: 201,
    run: (cloud, { region, bearer, body }) => registerClient(cloud, region, bearer, json(body)),
  },
  { method: 'GET', path: SSE_PATHS.devices, status: 200, run: (cloud, call) => listDevices(cloud, call.scope()) },
  {
    method: 'DELETE',
    path: SSE_PATHS.devices,
    item: true,
    status: 202,
    run: (cloud, call) => removeDevice(cloud, call.scope(), decodeSegment(call.url.pathname)),
  },
  {
    method: 'GET',
    path: SSE_PATHS.events,
    status: 200,
    run: (cloud, call) => listEvents(cloud, call.scope(), Object.fromEntries(call.url.searchParams)),
  },
  { method: 'GET', path: SSE_PATHS.eventCounts, status: 200, run: (cloud, call) => countEvents(cloud, call.scope()) },
  { method: 'GET', path: SSE_PATHS.account, status: 200, run: (cloud, call) => getAccount(cloud, call.scope()) },
  { method: 'PUT', path: SSE_PATHS.account, status: 200, run: (cloud, call) => putAccount(cloud, call.scope(), json(call.body)) },
]

export interface ApiOptions {
  readonly cloud: Cloud
  readonly answers: Answers
  readonly sites: ReadonlyMap<string, Site>
  readonly log: Log
  /** What a plain HTTP request for the eventing path gets; undefined when it is for another path. */
  readonly refuseIngest: (request: IncomingMessage, region: RegionId, path: string) => ApiError | undefined
}

/** Answers every HTTP request that the cloud's names get; one that nobody may know of gets the documented 403. */
export function createApi(options: ApiOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { cloud, answers, sites, log } = options

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request)
    const site = sites.get(hostName(request.headers.host))
    const body = await readBody(request)
    if (site === undefined || url === undefined) return answers.forbidden(response)
    if (NOT_EMULATED[site.role].some((path) => path.test(url.pathname))) throw notEmulated(`${url.pathname} of ${site.role}`)
    const anonymous = request.headers.authorization === undefined
    if (site.role === 'ingest' && !anonymous) {
      const refusal = options.refuseIngest(request, site.region, url.pathname)
      if (refusal !== undefined) throw refusal
    }
    const matching = site.role === 'api' ? ROUTES.filter((route) => matches(route, url.pathname)) : []
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = matching.find((candidate) => candidate.method === method)
    if (site.role !== 'api' || (anonymous && !route?.anonymous)) return answers.forbidden(response)
    if (matching.length === 0) throw notFound(`nothing at ${url.pathname}`)
    if (route === undefined) throw methodNotAllowed(matching.map((candidate) => candidate.method).join(', '))
    const result = route.run(cloud, createCall(cloud, site.region, request, url, body))
    if (result === undefined) answers.empty(response, route.status)
    else answers.json(response, route.status, result)
  }

  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (error instanceof ApiError) return answers.error(response, error)
      // The client went away while it sent its body.
      if (request.destroyed && !request.complete) return log.debug('a request was not finished', { url: request.url, error: String(error) })
      log.error('a request failed', { url: request.url, error: String(error), stack: (error as Error).stack })
      if (!response.headersSent) answers.error(response, new ApiError(500, 'server_error', 'the lab failed; see its log'))
    })
  }
}

function createCall(cloud: Cloud, region: RegionId, request: IncomingMessage, url: URL, body: Buffer): Call {
  const bearer = bearerOf(request) ?? ''
  return {
    region,
    bearer,
    url,
    body,
    scope() {
      const orgId = cloud.state.tokens.ownerOf(bearer, region, cloud.clock.now())
      if (orgId === undefined) throw invalidToken('the access token is unknown in this region or has expired')
      return { region, orgId }
    },
  }
}

function matches(route: Route, pathname: string): boolean {
  if (!route.item) return pathname === route.path
  return pathname.startsWith(`${route.path}/`) && !pathname.slice(route.path.length + 1).includes('/')
}

function decodeSegment(pathname: string): string {
  const segment = pathname.slice(pathname.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(segment)
  } catch {
    throw invalidRequest(`${segment} is not an encoded path segment`)
  }
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown
  } catch (error) {
    throw invalidRequest(`the body is not JSON: ${(error as Error).message}`)
  }
}
