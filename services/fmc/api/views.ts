import { REGIONS } from '../../../shared/contract/region.ts'
import type { RegionId } from '../../../shared/contract/region.ts'
import type { HealthModuleId } from '../../../shared/contract/sftunnel.ts'
import { ACCESS_POLICY, CLOUD_EVENTS_ID, GLOBAL_DOMAIN, HEALTH_POLICY_NAME } from '../fmc.ts'
import type { Fmc } from '../fmc.ts'
import { HEALTH_MODULES, eventStatusOf } from '../processes/health.ts'
import type { Alert, HealthEvent } from '../processes/health.ts'
import { CLOUD_REGION_IDS } from '../regions.ts'
import type { Device } from '../state.ts'
import type { Call } from './call.ts'
import type { Item } from './paging.ts'

/** The health modules that devices run by their ids in health policies (public P25; `hm_tds` for Threat Data Updates is inferred). */
export const POLICY_MODULES = {
  hm_tds: 'THREAT_DATA_UPDATES',
  hm_conn_status_sse: 'CONN_STATUS_SSE',
  hm_process: 'PROCESS',
} as const satisfies Record<string, HealthModuleId>

const CONFIG = `/api/fmc_config/v1/domain/${GLOBAL_DOMAIN.uuid}`
const DOMAIN = { id: GLOBAL_DOMAIN.uuid, name: GLOBAL_DOMAIN.name, type: 'Domain' } as const

const self = (call: Call, path: string) => ({ self: `${call.origin}${path}` })
const inSeconds = (ms: number): number => Math.floor(ms / 1_000)
/** `2021-10-25T15:10:26UTC` (public). */
const inLicenceTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}UTC`

/** A device's worst alert as the colour of its icon. Words in lower case (public clients compare them so). */
function healthStatusOf(alerts: readonly Alert[]): string {
  const worst = (['RED', 'YELLOW', 'RECOVERED'] as const).find((status) => alerts.some((alert) => alert.status === status))
  return (worst ?? 'GREEN').toLowerCase()
}

/** A managed device (fields public P22). What the device never told (it has not connected yet) is absent. */
export function deviceView({ store, health, sftunnel }: Fmc, call: Call, device: Device): Item {
  const { healthPolicy } = store.state
  return {
    id: device.id,
    type: 'Device',
    name: device.name,
    links: self(call, `${CONFIG}/devices/devicerecords/${device.id}`),
    hostName: device.address,
    ...(device.model !== undefined && { model: device.model }),
    ...(device.version !== undefined && { sw_version: device.version }),
    modelType: 'Sensor',
    ftdMode: 'ROUTED',
    snortEngine: 'SNORT3',
    healthStatus: healthStatusOf(health.alertsOf(device)),
    isConnected: sftunnel.linkOf(device).connected,
    deploymentStatus: 'DEPLOYED',
    license_caps: ['ESSENTIALS', 'IPS', 'MALWARE_DEFENSE', 'URL'],
    keepLocalEvents: false,
    prohibitPacketTransfer: false,
    analyticsOnly: false,
    accessPolicy: ACCESS_POLICY,
    healthPolicy: { id: healthPolicy.id, name: HEALTH_POLICY_NAME, type: 'HealthPolicy' },
    metadata: { readOnly: { state: false }, domain: DOMAIN, isPartOfContainer: false, isMultiInstance: false },
  }
}

/** `HealthAlertModel` (public P22): one for each module and device, with the module's state at its last run. */
export function alertView(call: Call, device: Device, alert: Alert): Item {
  return {
    id: alert.id,
    type: 'HealthAlertModel',
    name: HEALTH_MODULES[alert.moduleId],
    links: { parent: `${call.origin}${CONFIG}/health/alerts` },
    deviceUUID: device.id,
    moduleID: alert.moduleId,
    status: alert.status,
    timestamp: inSeconds(alert.at),
    description: alert.description,
    details: alert.details,
    params: '',
    metadata: { domain: DOMAIN, device: { id: device.id, name: device.name, type: 'Device' } },
  }
}

/** A health event. Fields after the alert's; the type's name is invented. */
export function eventView(call: Call, event: HealthEvent): Item {
  return {
    id: event.id,
    type: 'HealthEventModel',
    name: HEALTH_MODULES[event.moduleId],
    links: { parent: `${call.origin}${CONFIG}/health/events` },
    deviceUUID: event.deviceId,
    deviceName: event.deviceName,
    moduleID: event.moduleId,
    status: event.status,
    timestamp: inSeconds(event.at),
    description: event.description,
    metadata: { domain: DOMAIN },
  }
}

/** An alert as the newest event of its module and device (`moduleIDs:all`, public). */
export function latestEventOf(device: Device, alert: Alert): HealthEvent {
  const { id, moduleId, at, description } = alert
  return { id, deviceId: device.id, deviceName: device.name, moduleId, status: eventStatusOf(alert.status), at, description }
}

/** `CloudEventsConfig` (public P22, P47). */
export function cloudEventsView({ store }: Fmc, call: Call): Item {
  const { cloud, devices } = store.state
  const names = new Map(devices.map((device) => [device.id, device.name]))
  return {
    id: CLOUD_EVENTS_ID,
    type: 'CloudEventsConfig',
    links: self(call, `${CONFIG}/integration/cloudeventsconfigs/${CLOUD_EVENTS_ID}`),
    sendIntrusionEvents: cloud.sendIntrusionEvents,
    sendFileEvents: cloud.sendFileEvents,
    sendConnectionEvents: cloud.sendConnectionEvents,
    sendAllConnectionEvents: cloud.sendAllConnectionEvents,
    sendPackets: cloud.sendPackets,
    sendNetworkDiscoveryEvents: cloud.sendNetworkDiscoveryEvents,
    sendAIDefenseEvents: cloud.sendAIDefenseEvents,
    devicesExcludedFromSendingEvents: cloud.excludedDevices.map((id) => ({ id, name: names.get(id), type: 'Device' })),
  }
}

/** `CloudRegion` (public P22): exactly one is current. */
export function cloudRegionView({ store }: Fmc, call: Call, region: RegionId): Item {
  const id = CLOUD_REGION_IDS[region]
  const { name, description, api } = REGIONS[region]
  return {
    id,
    type: 'CloudRegion',
    name,
    links: self(call, `${CONFIG}/integration/cloudregions/${id}`),
    description,
    domain: api,
    current: store.state.cloud.region === region,
  }
}

/**
 * The *Cloud Services* page as a resource. Invented: in reality the switch *Cisco Cloud Event Configuration* and the devices' registration are
 * shown in the web interface only.
 */
export function cloudServicesView({ store, sftunnel }: Fmc, call: Call): Item {
  const { cloud, devices } = store.state
  return {
    type: 'CloudServices',
    links: self(call, `${CONFIG}/integration/cloudservices`),
    enabled: cloud.enabled,
    region: { id: CLOUD_REGION_IDS[cloud.region], name: REGIONS[cloud.region].name, type: 'CloudRegion' },
    revision: cloud.revision,
    devices: devices.map((device) => {
      const { connected, sentRevision } = sftunnel.linkOf(device)
      return {
        id: device.id,
        name: device.name,
        type: 'Device',
        isConnected: connected,
        ...(sentRevision !== undefined && { sentRevision }),
        ...(device.token && {
          registrationToken: {
            timestamp: inSeconds(device.token.at),
            status: device.token.refusedBecause === undefined ? 'ISSUED' : 'REFUSED',
            ...(device.token.refusedBecause !== undefined && { reason: device.token.refusedBecause }),
          },
        }),
      }
    }),
  }
}

/** `HealthPolicy` (public P25), with the modules that the lab's devices run. */
export function healthPolicyView({ store }: Fmc, call: Call): Item {
  const { healthPolicy } = store.state
  return {
    id: healthPolicy.id,
    type: 'HealthPolicy',
    name: HEALTH_POLICY_NAME,
    links: self(call, `${CONFIG}/policy/healthpolicies/${healthPolicy.id}`),
    description: healthPolicy.description,
    policyType: 'DevicePolicy',
    defaultPolicy: true,
    healthModules: Object.entries(POLICY_MODULES).map(([moduleId, module]) => ({
      moduleId,
      type: 'FTD',
      enabled: healthPolicy.modules[module],
      severity: 'Critical',
    })),
    setting: {
      alertEvaluationInterval: healthPolicy.alertEvaluationIntervalMinutes,
      dataCollectionInterval: healthPolicy.dataCollectionIntervalMinutes,
    },
  }
}

/** `SmartLicense` (public P22). */
export function smartLicenceView({ world, config, store }: Fmc, call: Call): Item {
  const { state: regStatus, virtualAccount, exportControl } = config.licence
  const sinceMs = store.state.licensedSinceMs
  const evaluation = regStatus === 'EVALUATION'
  const daysUsed = Math.floor((world.clock.now() - sinceMs) / 86_400_000)
  return {
    type: 'SmartLicense',
    links: self(call, '/api/fmc_platform/v1/license/smartlicenses'),
    regStatus,
    metadata: {
      authStatus: { REGISTERED: 'AUTHORIZED', EVALUATION: 'EVALUATION', UNREGISTERED: 'NOT_AUTHORIZED' }[regStatus],
      virtualAccount: evaluation ? 'Evaluation Mode' : virtualAccount,
      exportControl: regStatus === 'REGISTERED' && exportControl,
      evalUsed: evaluation,
      // Evaluation lasts 90 days and shows 89 on the first (public).
      evalExpiresInDays: evaluation ? Math.max(0, 89 - daysUsed) : 90,
      ...(regStatus === 'REGISTERED' && { lastRenewedTime: inLicenceTime(sinceMs), lastSynchronizedTime: inLicenceTime(sinceMs) }),
    },
  }
}
