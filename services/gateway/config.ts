import { z } from 'zod'
import { GatewayRule } from '../../shared/contract/admin.ts'
import { ADDRESSES, MANAGEMENT } from '../../shared/contract/topology.ts'

export const GatewayConfig = z.strictObject({
  /** What an administrator sends as Bearer token. */
  adminToken: z.string().min(1),
  /** In the order in which they are looked at; what none of them matches passes. */
  rules: z.array(GatewayRule).default([]),
  /** Where names in rules are looked up, unless the host has a resolver configuration already. */
  dnsServers: z.array(z.ipv4()).default([ADDRESSES.dns]),
  /** Sources of this prefix leave with the gateway's own address. */
  masquerade: z.string().default(MANAGEMENT.prefix),
})
/** What `startGateway` takes: everything with a default may be left out. */
export type GatewayConfigInput = z.input<typeof GatewayConfig>
