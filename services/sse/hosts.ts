import type { CloudRole } from '../../shared/contract/admin.ts'
import { EST_HOST, REGIONS, type RegionId } from '../../shared/contract/region.ts'

/** What a host name of the cloud is for. */
export type Site = { readonly role: 'est' } | { readonly role: Exclude<CloudRole, 'est'>; readonly region: RegionId }

/** Host names to what they are for, lower case; EST belongs to all regions. Names of regions that are not served are unknown. */
export function sitesOf(regions: readonly RegionId[]): ReadonlyMap<string, Site> {
  const sites = new Map<string, Site>([[EST_HOST, { role: 'est' }]])
  for (const region of regions) {
    for (const role of ['api', 'ingest', 'mx', 'dex', 'admin'] as const) sites.set(REGIONS[region][role], { role, region })
  }
  return sites
}

/** The host name of a `Host` header: lower case, without the port. */
export function hostName(header: string | undefined): string {
  return (header ?? '').toLowerCase().replace(/:\d+$/, '')
}

/** Paths that are known to exist in the real cloud and are not built here. Source: client-facing documents and public scripts; EST is RFC 7030. */
export const NOT_EMULATED: Readonly<Record<CloudRole, readonly RegExp[]>> = {
  api: [/^\/providers\/sse\/services\/scim\/v2\/Portals(\/|$)/, /^\/providers\/sse\/services\/token\/api\/v2\/jwt\/access$/],
  ingest: [],
  mx: [],
  dex: [],
  admin: [/^\/app(\/|$)/, /^\/assets(\/|$)/, /^\/events(\/|$)/],
  est: [/^\/\.well-known\/est(\/|$)/],
}
