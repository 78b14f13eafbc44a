import { z } from 'zod'
import { CloudRole, type CloudOutage, type Turns } from '../contract/admin.ts'
import { REGION_IDS, REGIONS } from '../contract/region.ts'
import { LabError } from '../kernel/errors.ts'
import { injectAll } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { addObject } from './hands.ts'
import { hostsOfKind } from './hosts.ts'
import { defineKind } from './kind.ts'
import { Region, sayTurns, turns, turnsOf } from './parameters.ts'

const UNAVAILABLE = 503
const TOO_MANY_REQUESTS = 429
/** How long a client of a rate limiter is told to wait. (invented) */
const RETRY_AFTER_SECONDS = 60

const place = {
  role: CloudRole.describe(`what the host names concerned are for: ${CloudRole.options.join(', ')}`),
  region: Region.optional().describe(`the region: ${REGION_IDS.join(', ')}; all regions unless given`),
}
const path = z
  .string()
  .regex(/^\/[\x21-\x7e]*$/, { error: 'write a path such as /providers/sse/services/registration' })
  .optional()
  .describe('how the paths concerned begin; all paths unless given')

/** A service of the cloud is down, and what stands before it says so. */
export const cloudUnavailable = defineKind({
  summary: 'a service of the cloud answers with an error of the server',
  schema: z.strictObject({
    kind: z.literal('cloud.unavailable'),
    ...place,
    path,
    ...turns('requests'),
    status: z.int().min(500).max(599).optional().describe(`the HTTP status; ${UNAVAILABLE} unless given`),
  }),
  explain: (fault) => `The cloud answers ${fault.status ?? UNAVAILABLE} to ${requests(fault)}.`,
  inject: ({ status = UNAVAILABLE, ...where }, site) => outage(site, where, { status }),
})

/** The cloud has had enough of its clients. */
export const cloudRateLimited = defineKind({
  summary: 'a service of the cloud refuses requests as too many (429)',
  schema: z.strictObject({ kind: z.literal('cloud.rate-limited'), ...place, path, ...turns('requests') }),
  explain: (fault) => `The cloud answers ${TOO_MANY_REQUESTS} to ${requests(fault)}.`,
  inject: (fault, site) => outage(site, fault, { status: TOO_MANY_REQUESTS, retryAfterSeconds: RETRY_AFTER_SECONDS }),
})

/** The cloud takes connections and requests and says nothing. */
export const cloudSilent = defineKind({
  summary: 'a service of the cloud takes requests and never answers',
  schema: z.strictObject({ kind: z.literal('cloud.silent'), ...place, path, ...turns('requests') }),
  explain: (fault) => `The cloud gives no answer to ${requests(fault)}.`,
  inject: (fault, site) => outage(site, fault, 'silence'),
})

/** The cloud ends connections with a reset. */
export const cloudResets = defineKind({
  summary: 'a service of the cloud resets connections',
  schema: z.strictObject({ kind: z.literal('cloud.resets'), ...place, ...turns('connections') }),
  explain: (fault) => `The cloud resets connections to ${names(fault)}${sayTurns(fault)}.`,
  inject: (fault, site) => outage(site, fault, 'reset'),
})

interface Place extends Turns {
  readonly role: CloudRole
  readonly region?: (typeof REGION_IDS)[number] | undefined
  readonly path?: string | undefined
}

function requests(where: Place): string {
  return `requests to ${names(where)}${where.path === undefined ? '' : ` below ${where.path}`}${sayTurns(where)}`
}

function names({ role, region }: Place): string {
  if (role === 'est') return 'its enrolment host'
  return region === undefined ? `its ${role} hosts` : REGIONS[region][role]
}

async function outage(site: FaultSite, { role, region, path: prefix, ...counted }: Place, answer: CloudOutage['answer']): Promise<Cure> {
  if (role === 'est' && region !== undefined)
    throw new LabError('LAB_BAD_INPUT', `region: the enrolment host belongs to all regions; leave the region out`)
  const where = { role, ...(region !== undefined && { region }), ...(prefix !== undefined && { path: prefix }) }
  const body: CloudOutage = { ...where, answer, ...turnsOf(counted) }
  const clouds = await hostsOfKind(site, 'cloud')
  return injectAll(
    clouds.map(
      ({ name }) =>
        () =>
          addObject(site, name, '/v1/outages', body),
    ),
  )
}
