import { z } from 'zod'
import { REGION_IDS, REGIONS } from '../../shared/contract/region.ts'
import { SseAccount } from '../../shared/contract/sse.ts'

/** A customer of the cloud. `services` and `virtualAccount` hold until somebody changes them in a region's portal. */
export const Organisation = z.strictObject({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  orgId: z.string().min(1),
  name: z.string().min(1),
  services: SseAccount.shape.services.default({ eventing: true }),
  virtualAccount: SseAccount.shape.virtualAccount.default({ name: 'DEFAULT', securityLicences: true }),
})
export type Organisation = z.infer<typeof Organisation>

/** What `startSse` needs to know. */
export const SseConfig = z.strictObject({
  /** What an administrator sends as Bearer token. */
  adminToken: z.string().min(1),
  /** Regions that this host serves. */
  regions: z.array(z.enum(REGION_IDS)).min(1).default(REGION_IDS),
  /** A certificate a host name: PEM of the chain as it is sent (leaf, intermediate, root) and of the leaf's key. A name without one gets `defaultName`'s. */
  certificates: z.record(z.string(), z.object({ chainPem: z.string(), keyPem: z.string() })),
  /** The certificates that names had before, for an administrator who goes back to one: long expired. */
  expiredCertificates: z.record(z.string(), z.object({ chainPem: z.string(), keyPem: z.string() })).default({}),
  /** Whose certificate answers an unknown or missing server name. */
  defaultName: z.string().default(REGIONS.us.api),
  organisations: z.array(Organisation).min(1),
  /** A path of this machine for SQLite, or `:memory:`. */
  databasePath: z.string().min(1).default(':memory:'),
  /** How many events of each device are kept, the newest: some 180 MB. Clouds keep them for a time, 90 days (recalled); a lab must not fill a disk. (invented) */
  eventsKept: z.int().positive().default(200_000),
  /** Which of the two recorded servers to be: April 2020 asks for a client certificate (seeds A, B), December 2020 does not (seed C). */
  variant: z.enum(['april-2020', 'december-2020']).default('april-2020'),
})
export type SseConfig = z.infer<typeof SseConfig>
export type HeaderVariant = SseConfig['variant']
