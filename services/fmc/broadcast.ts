import { REGIONS } from '../../shared/contract/region.ts'
import type { CloudSettings, HealthPolicy } from '../../shared/contract/sftunnel.ts'
import type { FmcState } from './state.ts'

/** The cloud settings as they are broadcast: to all devices alike (seed B), but those that are excluded shall send nothing (public: 7.4.1 and later). */
export function cloudSettings(state: FmcState, excluded: boolean): CloudSettings {
  const { cloud } = state
  const region = REGIONS[cloud.region]
  return {
    revision: cloud.revision,
    enabled: cloud.enabled,
    region: { id: region.id, name: region.name, fqdn: region.api, ingest: region.ingest },
    send: {
      intrusion: cloud.sendIntrusionEvents && !excluded,
      file: cloud.sendFileEvents && !excluded,
      connection: cloud.sendConnectionEvents && !excluded,
      allConnections: cloud.sendAllConnectionEvents && !excluded,
    },
  }
}

/** The health policy as devices get it. */
export function devicePolicy(state: FmcState): HealthPolicy {
  const { healthPolicy } = state
  return { runIntervalMs: healthPolicy.alertEvaluationIntervalMinutes * 60_000, modules: { ...healthPolicy.modules } }
}
