import { z } from 'zod'
import { REGION_IDS } from './region.ts'

/**
 * How an administrator changes the customer's network and the cloud: a small HTTP API on port 9000 of the dns, gateway, proxy and cloud hosts, with
 * `Authorization: Bearer <admin token>`. All of it is invented. Every object that is made answers 201 with its `id`; `DELETE …/{id}` answers 204.
 */
export const ADMIN_PORT = 9000

/** Which packets a gateway's rule or shape is about; everything that is left out matches everything. */
const traffic = {
  /** Addresses, prefixes or names; names stand for the addresses that they have now and get later. */
  from: z.array(z.string()).optional(),
  to: z.array(z.string()).optional(),
  protocol: z.enum(['tcp', 'udp', 'icmp']).optional(),
  /** The destination port. */
  port: z.number().int().min(1).max(65_535).optional(),
}

/** gateway: `GET/POST /v1/rules`, `DELETE /v1/rules/{id}`. Newest first; the first match decides. */
export const GatewayRule = z.strictObject({ action: z.enum(['accept', 'drop', 'reject']), ...traffic })
export type GatewayRule = z.infer<typeof GatewayRule>

/** The longest delay of the gateway and of the proxy, of lab time. */
export const MOST_DELAY_MS = 60_000

/**
 * gateway: `GET/POST /v1/shapes`, `DELETE /v1/shapes/{id}`: a bad stretch of the way, for packets that it matches and for the answers to them. It does not
 * end the evaluation: rules judge the same packets. Newest first: the first match with a delay decides how long; every loss takes its share. A POST answers 501
 * where the gateway cannot do it; `GET /v1/abilities` says what it can: items `{"name": "delay" | "loss", "able", "why"?}`.
 */
export const GatewayShape = z
  .strictObject({
    ...traffic,
    /** Lab time, in each direction: a round trip takes twice as long. */
    delayMs: z.number().int().min(1).max(MOST_DELAY_MS).optional(),
    /** In each direction. */
    lossPercent: z.number().gt(0).max(100).optional(),
  })
  .refine((shape) => shape.delayMs !== undefined || shape.lossPercent !== undefined, {
    error: 'a shape has delayMs, lossPercent or both',
    path: ['delayMs'],
  })
export type GatewayShape = z.infer<typeof GatewayShape>

/** Of what an override or an outage matches: the first `skip` are passed over, then `times` are its own, all unless given. The counting begins anew with each entry. */
const turns = {
  skip: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
}
export type Turns = { readonly skip?: number | undefined; readonly times?: number | undefined }

/** dns: `GET/POST /v1/overrides`, `DELETE /v1/overrides/{id}`. Without a name it holds for all names. Newest first. Questions are counted. */
export const DnsOverride = z
  .strictObject({
    /** A name, or `*.zone` for everything below a zone. */
    name: z.string().min(1).optional(),
    answer: z.enum(['silence', 'nxdomain', 'servfail', 'addresses']),
    /** With `addresses`: what the name resolves to. */
    addresses: z.array(z.ipv4()).min(1).optional(),
    ...turns,
  })
  .refine((override) => (override.answer === 'addresses') === (override.addresses !== undefined), {
    error: 'addresses belong to the answer "addresses", which needs them',
    path: ['addresses'],
  })
export type DnsOverride = z.infer<typeof DnsOverride>

/** dns: `GET /v1/records`, `GET/PUT /v1/records/{name}`: what a name stands for, one of the three. A PUT makes or replaces the record: 200. */
export const DnsRecord = z
  .strictObject({
    addresses: z.array(z.ipv4()).min(1).optional(),
    /** The name that this one is an alias of. */
    cname: z.string().min(1).optional(),
    /** The host name that a reverse name points to. */
    pointer: z.string().min(1).optional(),
  })
  .refine((record) => Object.values(record).filter((value) => value !== undefined).length === 1, {
    error: 'a record has exactly one of addresses, cname, pointer',
  })
export type DnsRecord = z.infer<typeof DnsRecord>

/** proxy: `GET/PUT /v1/settings`. */
export const ProxySettings = z.strictObject({
  /** Basic credentials that clients must send; null lets everybody through. */
  authentication: z.strictObject({ user: z.string().min(1), password: z.string().min(1) }).nullable(),
  /** Names that CONNECT is refused to (403). */
  deny: z.array(z.string()),
  /** How long a request waits before the proxy looks at it, and everything that passes the proxy in each direction; lab time, 0 unless given. */
  delayMs: z.number().int().min(0).max(MOST_DELAY_MS).optional(),
  /** Whether the TLS in new tunnels is opened, with certificates of the proxy's own authority; false unless given. */
  inspect: z.boolean().optional(),
})
export type ProxySettings = z.infer<typeof ProxySettings>

/** cloud: `GET /v1/certificates`: a list of these, a row a host name. */
export const CloudCertificate = z.strictObject({
  name: z.string(),
  /** Whether another certificate than the lab's own is presented. */
  replaced: z.boolean(),
})
export type CloudCertificate = z.infer<typeof CloudCertificate>

/**
 * cloud: `PUT /v1/certificates/{name}`: 200; new handshakes for the name present this one. `DELETE /v1/certificates/{name}`: 204; they present the
 * lab's own again. A name that the cloud does not have: 404.
 */
export const CertificateReplacement = z.union(
  [
    z.strictObject({
      /** PEM of the chain as it is sent, the leaf first. */
      chainPem: z.string().min(1),
      /** PEM of the leaf's private key; RSA, because the cloud's cipher is. */
      keyPem: z.string().min(1),
    }),
    /** The certificate that the name had before its present one: of the same authority, and long expired. */
    z.strictObject({ issued: z.literal('expired') }),
  ],
  { error: 'write {chainPem, keyPem}, or {issued: "expired"}' },
)
export type CertificateReplacement = z.infer<typeof CertificateReplacement>

/** What a host name of the cloud is for; `est` belongs to all regions. */
export const CloudRole = z.enum(['api', 'ingest', 'mx', 'dex', 'admin', 'est'])
export type CloudRole = z.infer<typeof CloudRole>

/**
 * cloud: `GET/POST /v1/outages`, `DELETE /v1/outages/{id}`. Newest first; the first match decides what becomes of a request. Of `ingest` the open
 * WebSockets are concerned too: a status closes them with 1001, `reset` cuts them, `silence` leaves them open and says nothing more on them. With `skip` or
 * `times` an outage concerns no WebSocket that is open; requests are counted, for `reset` new connections.
 */
export const CloudOutage = z
  .strictObject({
    role: CloudRole,
    /** All regions unless given. */
    region: z.enum(REGION_IDS).optional(),
    /** Only paths that begin with this. */
    path: z.string().startsWith('/').optional(),
    answer: z.union([
      /** Every request gets this status; `Retry-After` with it when given. */
      z.strictObject({ status: z.number().int().min(400).max(599), retryAfterSeconds: z.number().int().min(0).optional() }),
      /** `reset`: a TCP reset as soon as the client has named its server. `silence`: the request is taken and never answered. */
      z.enum(['reset', 'silence']),
    ]),
    ...turns,
  })
  .refine((outage) => outage.role !== 'est' || outage.region === undefined, { error: 'est belongs to all regions', path: ['region'] })
  .refine((outage) => outage.answer !== 'reset' || outage.path === undefined, {
    error: 'a connection is reset before its requests have paths',
    path: ['path'],
  })
export type CloudOutage = z.infer<typeof CloudOutage>
