import { z } from 'zod'

/**
 * The management channel between a device and its FMC, TCP 8305 over TLS. The port and the name are documented; the frames are invented:
 * one JSON object a line, both ways. The device dials. After `welcome` the FMC sends `cloud` and `health-policy` at once, and again to every
 * device whenever they change (the broadcast of seed B).
 */
export const SFTUNNEL_PORT = 8305

/** What the FMC broadcasts of its cloud settings. */
export const CloudSettings = z.object({
  /** Grows with each change. */
  revision: z.number().int(),
  enabled: z.boolean(),
  region: z.object({ id: z.string(), name: z.string(), fqdn: z.string(), ingest: z.string() }),
  send: z.object({
    intrusion: z.boolean(),
    file: z.boolean(),
    /** Security-related connections only, unless `allConnections`. */
    connection: z.boolean(),
    allConnections: z.boolean(),
  }),
})
export type CloudSettings = z.infer<typeof CloudSettings>

/** The health modules that the lab runs, by the ids of FMC's REST API. */
export const HealthModuleId = z.enum(['THREAT_DATA_UPDATES', 'CONN_STATUS_SSE', 'PROCESS'])
export type HealthModuleId = z.infer<typeof HealthModuleId>

export const HealthPolicy = z.object({
  runIntervalMs: z.number(),
  modules: z.partialRecord(HealthModuleId, z.boolean()),
})
export type HealthPolicy = z.infer<typeof HealthPolicy>

export const HealthReport = z.object({
  module: HealthModuleId,
  status: z.enum(['GREEN', 'YELLOW', 'RED', 'DISABLED']),
  description: z.string(),
  details: z.string(),
})
export type HealthReport = z.infer<typeof HealthReport>

export const FromDevice = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('hello'),
    uuid: z.string(),
    hostname: z.string(),
    address: z.string(),
    model: z.string(),
    version: z.string(),
    registrationKey: z.string(),
  }),
  z.object({ kind: z.literal('heartbeat'), at: z.number() }),
  /** The device asks for an SSE registration token (seed B). Answered by `token` with the same `request`. */
  z.object({ kind: z.literal('token-request'), request: z.number() }),
  z.object({ kind: z.literal('health'), at: z.number(), reports: z.array(HealthReport) }),
])
export type FromDevice = z.infer<typeof FromDevice>

export const ToDevice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('welcome'), manager: z.string() }),
  z.object({ kind: z.literal('refused'), reason: z.string() }),
  z.object({ kind: z.literal('heartbeat'), at: z.number() }),
  z.object({ kind: z.literal('cloud'), settings: CloudSettings }),
  z.object({ kind: z.literal('health-policy'), policy: HealthPolicy }),
  z.object({ kind: z.literal('token'), request: z.number(), token: z.string().optional(), error: z.string().optional() }),
])
export type ToDevice = z.infer<typeof ToDevice>
