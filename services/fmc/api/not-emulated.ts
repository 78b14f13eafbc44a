/** First words below a domain that an FMC has (public API namespaces P26) and the lab, but for single resources, has not. */
const CONFIG_AREAS = new Set([
  'analysis',
  'assignment',
  'audit',
  'backup',
  'chassis',
  'deployment',
  'deviceclusters',
  'devicegroups',
  'devicehapairs',
  'devices',
  'health',
  'integration',
  'intelligence',
  'job',
  'netmap',
  'object',
  'policy',
  'search',
  'settings',
  'system',
  'systemconfiguration',
  'template',
  'troubleshoot',
  'update',
  'updates',
  'users',
])
const PLATFORM_AREAS = new Set(['audit', 'auth', 'domain', 'info', 'license', 'smartlicensing', 'updates', 'users'])
const OTHER_NAMESPACES = new Set(['fmc_netmap', 'fmc_troubleshoot', 'fmc_tid', 'api-explorer'])

/** Whether a real FMC has something in this area of its API. Then 501 is the honest answer, not 404. */
export function isKnownArea(path: string): boolean {
  const [, api, namespace = '', , ...rest] = path.split('/')
  if (api !== 'api') return false
  if (OTHER_NAMESPACES.has(namespace)) return true
  if (namespace === 'fmc_platform') return PLATFORM_AREAS.has(rest[0] ?? '')
  return namespace === 'fmc_config' && rest[0] === 'domain' && CONFIG_AREAS.has(rest[2] ?? '')
}

/** Operations that a real FMC has on resources of which the lab has others. */
export const KNOWN_OPERATIONS: readonly string[] = [
  'POST devices/devicerecords',
  'PUT devices/devicerecords/:id',
  'DELETE devices/devicerecords/:id',
  'POST policy/healthpolicies',
  'DELETE policy/healthpolicies/:id',
  'POST license/smartlicenses',
]
