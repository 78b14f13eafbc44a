import { z } from 'zod'
import { ADDRESSES } from '../../shared/contract/topology.ts'

const RegionIdSchema = z.enum(['us', 'eu', 'apj'])

/** What an FMC is started with. Secrets are the lab's own; none of them opens anything outside it. */
export const FmcConfig = z.strictObject({
  hostname: z.string().default('fmc.lab.example'),
  address: z.string().default(ADDRESSES.fmc),
  /** As `serverversion` shows it; clients parse the word before the blank. */
  version: z.string().default('7.4.2 (build 172)'),
  users: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        password: z.string(),
        role: z.enum(['Administrator', 'Security Analyst (Read Only)']).default('Administrator'),
      }),
    )
    .default([{ name: 'admin', password: 'Admin123', role: 'Administrator' }]),
  dnsServers: z.array(z.string()).default([ADDRESSES.dns]),
  /** The devices it manages. Without a `uuid` the device's own is learnt when it first connects. */
  devices: z
    .array(z.strictObject({ name: z.string().min(1), uuid: z.string().optional(), address: z.string(), registrationKey: z.string() }))
    .default([]),
  region: RegionIdSchema.default('us'),
  cloud: z
    .strictObject({
      enabled: z.boolean().default(true),
      send: z
        .strictObject({
          intrusion: z.boolean().default(true),
          file: z.boolean().default(true),
          connection: z.boolean().default(true),
          allConnections: z.boolean().default(false),
        })
        .prefault({}),
    })
    .prefault({}),
  /** The FMC's own credentials at the SSE token API. */
  organisation: z.strictObject({ clientId: z.string(), clientSecret: z.string(), orgId: z.string() }),
  licence: z
    .strictObject({
      state: z.enum(['REGISTERED', 'EVALUATION', 'UNREGISTERED']).default('REGISTERED'),
      virtualAccount: z.string().default('FTDLAB'),
      exportControl: z.boolean().default(true),
    })
    .prefault({}),
  /** Written to /etc/sf/iprep_proxy.conf at the first start; afterwards the file counts. */
  proxy: z
    .strictObject({ host: z.string(), port: z.number().int(), user: z.string().optional(), password: z.string().optional() })
    .optional(),
  /** Certificate (chain) and key of the web server. */
  tls: z.strictObject({ certPem: z.string(), keyPem: z.string() }),
  /** The FMC's own CA (written to its file at the first start), and certificate (chain) and key that the management channel shows to devices. */
  sftunnel: z.strictObject({ caPem: z.string(), certPem: z.string(), keyPem: z.string() }),
  /** Roots that the FMC trusts for the cloud; written to /etc/ssl/connectorCA.pem at the first start. */
  connectorCaPem: z.string(),
  /** Roots of the operating system, which curl trusts, PEM. The cloud's is not among them (seed A: verify result 19). */
  systemCaPem: z.string().default(''),
  /** REST requests a minute and client address: 120 below 7.4.1, 300 later (public). */
  requestsPerMinute: z.number().int().positive().default(120),
  /** Addresses that are not counted: the lab's own front doors. */
  unlimitedAddresses: z.array(z.string()).default([ADDRESSES.operator]),
})
export type FmcConfig = z.infer<typeof FmcConfig>
/** What `startFmc` takes: everything with a default may be left out. */
export type FmcConfigInput = z.input<typeof FmcConfig>
