import { z } from 'zod'
import { ProxySettings } from '../../shared/contract/admin.ts'
import { ADDRESSES } from '../../shared/contract/topology.ts'

export const ProxyConfig = z.strictObject({
  /** What an administrator sends as Bearer token. */
  adminToken: z.string().min(1),
  settings: ProxySettings.default({ authentication: null, deny: [] }),
  /** Where names are looked up, unless the host has a resolver configuration already. */
  dnsServers: z.array(z.ipv4()).default([ADDRESSES.dns]),
})
/** What `startProxy` takes: everything with a default may be left out. */
export type ProxyConfigInput = z.input<typeof ProxyConfig>
