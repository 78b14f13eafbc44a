import { z } from 'zod'
import { RegisteredClient } from '../../../../shared/contract/sse.ts'

/** What a caller of the local API sends to create a context. (public P33; members that the lab does not know are kept and shown) */
export const ContextBody = z.looseObject({
  clientInfo: z.looseObject({
    name: z.string().min(1),
    guid: z.string().min(1),
    type: z.string().default('ngfw'),
    version: z.string().default(''),
    description: z.string().default(''),
    ip: z.string().default(''),
  }),
  settings: z.looseObject({
    exchange: z.looseObject({
      fqdn: z.string().min(1),
      registration: z.looseObject({ refreshInterval: z.number().positive().max(86_400) }),
    }),
  }),
})
export type ContextBody = z.infer<typeof ContextBody>

/** `Enrolled` is public (P32), the others are inferred. */
export const ContextStatus = z.enum(['Created', 'Activating', 'Enrolled', 'EnrollmentFailed', 'Deregistered'])
export type ContextStatus = z.infer<typeof ContextStatus>

/** A context as the connector keeps it on disk. (invented) */
export const StoredContext = z.object({
  body: ContextBody,
  status: ContextStatus,
  /** What the cloud answered to the registration. */
  registered: RegisteredClient.optional(),
})
export type StoredContext = z.infer<typeof StoredContext>

/** What `GET /v1/contexts/default` shows. (shape inferred in domain facts 2.4) */
export function shownContext({ body, status }: StoredContext): unknown {
  return { id: 'default', ...body, status: { status } }
}

/** What `GET /v1/contexts/default/tenant` shows. (recalled; a lab tenant has no domain name) */
export function shownTenant({ tenant }: RegisteredClient): unknown {
  const shown = { companyId: tenant.id, companyName: tenant.name, domainName: '', id: tenant.id, spId: 'VA' }
  return { registeredTenantInfo: shown, tenantInfo: [shown] }
}
