import { z } from 'zod'
import { Zone } from './zone.ts'

export const DnsConfig = z.strictObject({
  zone: Zone,
  /** What an administrator sends as Bearer token. */
  adminToken: z.string().min(1),
})
/** What `startDns` takes: everything with a default may be left out. */
export type DnsConfigInput = z.input<typeof DnsConfig>
