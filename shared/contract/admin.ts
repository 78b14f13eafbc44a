import { z } from 'zod'

/**
 * How an administrator changes the customer's network: a small HTTP API on port 9000 of the dns, gateway and proxy hosts, with
 * `Authorization: Bearer <admin token>`. All of it is invented. Every object that is made answers 201 with its `id`; `DELETE …/{id}` answers 204.
 */
export const ADMIN_PORT = 9000

/** gateway: `GET/POST /v1/rules`, `DELETE /v1/rules/{id}`. Newest first; the first match decides. */
export const GatewayRule = z.strictObject({
  action: z.enum(['accept', 'drop', 'reject']),
  /** Addresses, prefixes or names; names stand for the addresses that they have now and get later. */
  from: z.array(z.string()).optional(),
  to: z.array(z.string()).optional(),
  protocol: z.enum(['tcp', 'udp', 'icmp']).optional(),
  port: z.number().int().min(1).max(65_535).optional(),
})
export type GatewayRule = z.infer<typeof GatewayRule>

/** dns: `GET/POST /v1/overrides`, `DELETE /v1/overrides/{id}`. Without a name it holds for all names. Newest first. */
export const DnsOverride = z
  .strictObject({
    /** A name, or `*.zone` for everything below a zone. */
    name: z.string().min(1).optional(),
    answer: z.enum(['silence', 'nxdomain', 'servfail', 'addresses']),
    /** With `addresses`: what the name resolves to. */
    addresses: z.array(z.ipv4()).min(1).optional(),
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
})
export type ProxySettings = z.infer<typeof ProxySettings>
