import type { Socket } from 'node:net'
import Fastify from 'fastify'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { GLOBAL_DOMAIN } from '../fmc.ts'
import type { Fmc } from '../fmc.ts'
import { callOf, pathOf } from './call.ts'
import type { Answer } from './call.ts'
import {
  ApiError,
  accessTokenInvalid,
  errorBody,
  methodNotSupported,
  notAuthorized,
  notEmulated,
  notFound,
  unprocessable,
} from './errors.ts'
import { KNOWN_OPERATIONS, isKnownArea } from './not-emulated.ts'
import * as operations from './operations.ts'
import type { Operation } from './operations.ts'
import { createRateLimit } from './rate-limit.ts'

/** The largest request body (public). */
const MAX_BODY_BYTES = 2_048_000
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const
const AUTH = '/api/fmc_platform/v1/auth'
const PLATFORM = '/api/fmc_platform/v1/'
const CONFIG = '/api/fmc_config/v1/domain/:domain/'

/** Sent with every answer: the header names are recorded from a real FMC, the values of the last three are invented. */
const HEADERS = {
  Server: 'Apache',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Cache-Control': 'no-cache, no-store, must-revalidate, max-age=0',
  'X-Frame-Options': 'SAMEORIGIN',
  'X-UA-Compatible': 'IE=edge',
  Vary: 'Accept-Charset,Accept-Encoding,Accept-Language,Accept',
} as const

type Row = readonly [method: (typeof METHODS)[number], path: string, operation: Operation]

const AUTH_ROWS: readonly Row[] = [
  ['POST', 'generatetoken', operations.generateToken],
  ['POST', 'refreshtoken', operations.refreshToken],
  ['POST', 'revokeaccess', operations.revokeAccess],
]

const PLATFORM_ROWS: readonly Row[] = [
  ['GET', 'info/serverversion', operations.serverVersion],
  ['GET', 'info/domain', operations.listDomains],
  ['GET', 'license/smartlicenses', operations.listSmartLicences],
]

const CONFIG_ROWS: readonly Row[] = [
  ['GET', 'devices/devicerecords', operations.listDevices],
  ['GET', 'devices/devicerecords/:id', operations.getDevice],
  ['GET', 'health/alerts', operations.listAlerts],
  ['GET', 'health/events', operations.listHealthEvents],
  ['GET', 'integration/cloudeventsconfigs', operations.listCloudEvents],
  ['GET', 'integration/cloudeventsconfigs/:id', operations.getCloudEvents],
  ['PUT', 'integration/cloudeventsconfigs/:id', operations.updateCloudEvents],
  ['GET', 'integration/cloudregions', operations.listCloudRegions],
  ['GET', 'integration/cloudregions/:id', operations.getCloudRegion],
  ['PUT', 'integration/cloudregions/:id', operations.updateCloudRegion],
  ['GET', 'integration/cloudservices', operations.getCloudServices],
  ['PUT', 'integration/cloudservices', operations.updateCloudServices],
  ['GET', 'policy/healthpolicies', operations.listHealthPolicies],
  ['GET', 'policy/healthpolicies/:id', operations.getHealthPolicy],
  ['PUT', 'policy/healthpolicies/:id', operations.updateHealthPolicy],
]

/** The FMC's web server, ready to be served. */
export function createApi(fmc: Fmc): FastifyInstance {
  const { config, world } = fmc
  const limit = createRateLimit(world.clock, config.requestsPerMinute, config.unlimitedAddresses)
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    exposeHeadRoutes: false,
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 0,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => sendError(fmc, error, request, reply),
    clientErrorHandler: (_error, socket) => endBrokenConnection(socket),
  })
  // Public clients send `null`, nothing, or odd content types; whether a body makes sense is for the operation to say.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    limit(request.socket.remoteAddress)
    authorize(fmc, request)
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(fmc, error, request, reply))
  app.setNotFoundHandler((request) => {
    const path = pathOf(request.url)
    throw isKnownArea(path) ? notEmulated(request.method, path) : notFound(path)
  })
  wire(app, fmc, `${AUTH}/`, AUTH_ROWS)
  wire(app, fmc, PLATFORM, PLATFORM_ROWS)
  wire(app, fmc, CONFIG, CONFIG_ROWS)
  return app
}

function wire(app: FastifyInstance, fmc: Fmc, prefix: string, rows: readonly Row[]): void {
  for (const [method, path, operation] of rows) {
    app.route({
      method,
      url: prefix + path,
      async handler(request, reply) {
        send(reply, await operation(fmc, callOf(request, fmc.config.address)))
        return reply
      },
    })
  }
  for (const [path, methods] of otherMethods(rows)) {
    app.route({
      method: methods,
      url: prefix + path,
      handler: ({ method, url }) => {
        throw KNOWN_OPERATIONS.includes(`${method} ${path}`) ? notEmulated(method, pathOf(url)) : methodNotSupported(method)
      },
    })
  }
}

/** For each path the methods that no row has. */
function otherMethods(rows: readonly Row[]): Map<string, HTTPMethods[]> {
  const others = new Map<string, HTTPMethods[]>()
  for (const [, path] of rows) {
    others.set(
      path,
      METHODS.filter((method) => !rows.some((row) => row[0] === method && row[1] === path)),
    )
  }
  return others
}

/** 401 without a good access token, 403 for changes by a reader, 404 for a domain that does not exist. Logging in needs none of it. */
function authorize({ sessions }: Fmc, request: FastifyRequest): void {
  const path = pathOf(request.url)
  if (!path.startsWith('/api/fmc_') || path.startsWith(`${AUTH}/`)) return
  const header = request.headers['x-auth-access-token']
  if (Array.isArray(header)) throw accessTokenInvalid()
  const user = sessions.authenticate(header)
  if (request.method !== 'GET' && user.role !== 'Administrator') throw notAuthorized()
  const domain = /^\/api\/fmc_config\/v1\/domain\/([^/]*)/.exec(path)?.[1]
  if (domain !== undefined && domain !== GLOBAL_DOMAIN.uuid) throw notFound(`Domain ${domain}`)
}

function send(reply: FastifyReply, { status = 200, headers = {}, body }: Answer): void {
  reply.code(status).headers(headers)
  if (body === undefined) reply.send()
  else reply.send(body)
}

function sendError({ world }: Pick<Fmc, 'world'>, error: FastifyError | ApiError, request: FastifyRequest, reply: FastifyReply): void {
  const answer = error instanceof ApiError ? error : frameworkError(error)
  if (answer.status === 500) world.log.error('fmc.api', { method: request.method, path: pathOf(request.url), error })
  reply.code(answer.status).headers(HEADERS).send(errorBody(answer.category, answer.message))
}

/** Fastify's own complaints in the vendor's words. What it calls a client error is unprocessable; anything else is our bug. */
function frameworkError(error: FastifyError): ApiError {
  if (error.statusCode === undefined || error.statusCode >= 500) return new ApiError(500, 'OTHER', 'Internal Server Error')
  return error.code === 'FST_ERR_BAD_URL' ? new ApiError(400, 'FRAMEWORK', 'Invalid URL') : unprocessable()
}

/** What came is no HTTP: one last answer, and the connection ends. */
function endBrokenConnection(socket: Socket): void {
  const body = JSON.stringify(errorBody('FRAMEWORK', 'Bad Request'))
  const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  if (socket.writable) socket.end(head + body, () => socket.destroy())
  else socket.destroy()
}
