import { z } from 'zod'
import { EventType } from '../../shared/contract/event.ts'

/** What a device is started with. Files that it has already from an earlier start stay as they are. */
export const FtdConfig = z.strictObject({
  /** As the appliance calls itself, short or fully qualified. */
  hostname: z.string().min(1),
  /** (public P38 for the form) */
  model: z.string().default('Cisco Firepower Threat Defense for VMWare (75)'),
  version: z.string().default('6.5.0'),
  build: z.string().default('115'),
  /** Rolled with the World's dice unless given. */
  uuid: z.uuid().optional(),
  dnsServers: z.array(z.ipv4()),
  manager: z.strictObject({ address: z.string().min(1), registrationKey: z.string().min(1) }),
  region: z.enum(['us', 'eu', 'apj']).default('us'),
  /** The HTTP proxy of the management traffic. */
  proxy: z
    .strictObject({
      host: z.string().min(1),
      port: z.number().int().min(1).max(65_535),
      user: z.string().optional(),
      password: z.string().optional(),
    })
    .optional(),
  /** What the detection engine sees: so many events of a type a second. */
  traffic: z.array(z.strictObject({ type: EventType, ratePerSecond: z.number().min(0) })).default([]),
  /** Roots that the connector and the canConnect probe trust, PEM. */
  connectorCaPem: z.string(),
  /** The CA of the manager's end of the management channel, PEM; its certificate must be for the manager's address. */
  fmcCaPem: z.string(),
  /** Roots of the operating system, which curl trusts, PEM. The cloud's is not among them (seed A: verify result 19). */
  systemCaPem: z.string().default(''),
})
export type FtdConfig = z.infer<typeof FtdConfig>
/** What `startFtd` takes: everything with a default may be left out. */
export type FtdConfigInput = z.input<typeof FtdConfig>
