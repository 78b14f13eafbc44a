import { z } from 'zod'
import type { RegionId } from '../../../shared/contract/region.ts'
import { REGIONS } from '../../../shared/contract/region.ts'
import type { HealthModuleId } from '../../../shared/contract/sftunnel.ts'
import { oneOf } from '../../../shared/kernel/errors.ts'
import { CLOUD_EVENTS_ID, GLOBAL_DOMAIN } from '../fmc.ts'
import type { Fmc } from '../fmc.ts'
import { ALERT_STATUSES, EVENT_STATUSES } from '../processes/health.ts'
import { regionOf } from '../regions.ts'
import type { Answer, Call } from './call.ts'
import { inputMismatch, notFound } from './errors.ts'
import { parseFilter, parseHealthFilter } from './filter.ts'
import { listAnswer } from './paging.ts'
import type { ApiSession } from './sessions.ts'
import * as view from './views.ts'

/** One operation of the REST API. Throws `ApiError` for the vendor's error answers. */
export type Operation = (fmc: Fmc, call: Call) => Answer | Promise<Answer>

/** `generatetoken`: 204 without a body, everything in headers (public; a body would mean failure to one client). */
export const generateToken: Operation = ({ sessions }, call) => tokenAnswer(sessions.login(call.header('authorization')))

/** `refreshtoken`: as `generatetoken`, with new tokens (public). */
export const refreshToken: Operation = ({ sessions }, call) =>
  tokenAnswer(sessions.refresh(call.header('x-auth-access-token'), call.header('x-auth-refresh-token')))

/** `revokeaccess`: 204 (public). */
export const revokeAccess: Operation = ({ sessions }, call) => {
  sessions.revoke(call.header('x-auth-access-token'))
  return { status: 204 }
}

function tokenAnswer(session: ApiSession): Answer {
  const { uuid, name } = GLOBAL_DOMAIN
  return {
    status: 204,
    headers: {
      'X-auth-access-token': session.accessToken,
      'X-auth-refresh-token': session.refreshToken,
      USER_UUID: session.userUuid,
      DOMAIN_ID: '111',
      DOMAIN_UUID: uuid,
      global: uuid,
      DOMAINS: JSON.stringify([{ name, uuid }]),
    },
  }
}

/** `info/serverversion` (public; the numbers of rules and databases are invented). */
export const serverVersion: Operation = ({ config }, call) =>
  listAnswer(
    call,
    [config.version],
    (version) => ({
      type: 'ServerVersion',
      serverVersion: version,
      geoVersion: '2025-12-29-100',
      vdbVersion: 'build 415 ( 2025-12-16 18:14:21 )',
      sruVersion: '2025-12-18-001-vrt',
      lspVersion: 'lsp-rel-20251218-1532',
    }),
    { alwaysExpanded: true },
  )

/** `info/domain` (public). */
export const listDomains: Operation = (_fmc, call) =>
  listAnswer(call, [GLOBAL_DOMAIN], (domain) => ({ type: 'Domain', ...domain }), { alwaysExpanded: true })

/** `license/smartlicenses` (public P22). */
export const listSmartLicences: Operation = (fmc, call) =>
  listAnswer(call, [fmc], (one) => view.smartLicenceView(one, call), { alwaysExpanded: true })

/** `devices/devicerecords`; `filter=name:X` (a public client uses it). */
export const listDevices: Operation = (fmc, call) => {
  const filter = parseFilter(call, ['name', 'hostName'])
  const devices = fmc.store.state.devices.filter(({ name, address }) => filter.allows('name', name) && filter.allows('hostName', address))
  return listAnswer(call, devices, (device) => view.deviceView(fmc, call, device))
}

/** `devices/devicerecords/{id}`. */
export const getDevice: Operation = (fmc, call) => {
  const device = fmc.store.state.devices.find(({ id }) => id === call.params['id'])
  if (!device) throw notFound(`Device ${call.params['id']}`)
  return { body: view.deviceView(fmc, call, device) }
}

/** `health/alerts` (public P22): the state of each module of each device at its last run, good ones too. */
export const listAlerts: Operation = ({ store, health }, call) => {
  const filter = parseHealthFilter(call, ALERT_STATUSES)
  const found = store.state.devices.flatMap((device) =>
    health
      .alertsOf(device)
      .filter(({ moduleId, status, at }) => filter.allows({ deviceId: device.id, moduleId, status, atMs: at }))
      .map((alert) => ({ device, alert })),
  )
  return listAnswer(call, found, ({ device, alert }) => view.alertView(call, device, alert))
}

/** `health/events` (public P22): every change, the newest first; with `moduleIDs:all` the newest of each module and device. */
export const listHealthEvents: Operation = ({ store, health }, call) => {
  const filter = parseHealthFilter(call, EVENT_STATUSES)
  const events = filter.latestOnly
    ? store.state.devices.flatMap((device) => health.alertsOf(device).map((alert) => view.latestEventOf(device, alert)))
    : health.events().toReversed()
  const found = events.filter(({ deviceId, moduleId, status, at }) => filter.allows({ deviceId, moduleId, status, atMs: at }))
  return listAnswer(call, found, (event) => view.eventView(call, event))
}

/** `integration/cloudeventsconfigs`: a list of one (public P22). */
export const listCloudEvents: Operation = (fmc, call) => listAnswer(call, [fmc], (one) => view.cloudEventsView(one, call))

/** `integration/cloudeventsconfigs/{id}`. */
export const getCloudEvents: Operation = (fmc, call) => {
  if (call.params['id'] !== CLOUD_EVENTS_ID) throw notFound(`CloudEventsConfig ${call.params['id']}`)
  return { body: view.cloudEventsView(fmc, call) }
}

const CloudEventsChange = z.object({
  sendIntrusionEvents: z.boolean().optional(),
  sendFileEvents: z.boolean().optional(),
  sendConnectionEvents: z.boolean().optional(),
  sendAllConnectionEvents: z.boolean().optional(),
  sendPackets: z.boolean().optional(),
  sendNetworkDiscoveryEvents: z.boolean().optional(),
  sendAIDefenseEvents: z.boolean().optional(),
  devicesExcludedFromSendingEvents: z.array(z.object({ id: z.string() })).optional(),
})

/** `PUT integration/cloudeventsconfigs/{id}`: stores what the body has, leaves the rest, and broadcasts to the devices. */
export const updateCloudEvents: Operation = async (fmc, call) => {
  if (call.params['id'] !== CLOUD_EVENTS_ID) throw notFound(`CloudEventsConfig ${call.params['id']}`)
  const { devicesExcludedFromSendingEvents: excluded, ...switches } = call.body(CloudEventsChange)
  const { cloud, devices } = fmc.store.state
  const unknown = excluded?.find(({ id }) => !devices.some((device) => device.id === id))
  if (unknown) throw inputMismatch(`devicesExcludedFromSendingEvents: there is no device ${unknown.id}`)
  Object.assign(cloud, switches)
  if (excluded) cloud.excludedDevices = excluded.map(({ id }) => id)
  await cloudChanged(fmc)
  return { body: view.cloudEventsView(fmc, call) }
}

/** `integration/cloudregions`. */
export const listCloudRegions: Operation = (fmc, call) =>
  listAnswer(call, Object.keys(REGIONS) as RegionId[], (region) => view.cloudRegionView(fmc, call, region))

/** `integration/cloudregions/{id}`. */
export const getCloudRegion: Operation = (fmc, call) => ({ body: view.cloudRegionView(fmc, call, regionIn(call)) })

/** `PUT integration/cloudregions/{id}`: `current: true` selects the region (public P22) and broadcasts it. */
export const updateCloudRegion: Operation = async (fmc, call) => {
  const region = regionIn(call)
  const { current } = call.body(z.object({ current: z.boolean() }))
  const { cloud } = fmc.store.state
  if (!current && cloud.region === region) throw inputMismatch('current: select another region instead; exactly one is current')
  if (current && cloud.region !== region) {
    cloud.region = region
    await cloudChanged(fmc)
  }
  return { body: view.cloudRegionView(fmc, call, region) }
}

function regionIn(call: Call): RegionId {
  const region = regionOf(call.params['id'] ?? '')
  if (!region) throw notFound(`CloudRegion ${call.params['id']}`)
  return region
}

/** `integration/cloudservices` (invented): the switch *Cisco Cloud Event Configuration* and what the FMC knows of each device's registration. */
export const getCloudServices: Operation = (fmc, call) => ({ body: view.cloudServicesView(fmc, call) })

/** `PUT integration/cloudservices` (invented): turns *Cisco Cloud Event Configuration* on or off; the change is broadcast to all devices (seed B). */
export const updateCloudServices: Operation = async (fmc, call) => {
  const { enabled } = call.body(z.object({ enabled: z.boolean() }))
  const { cloud } = fmc.store.state
  if (cloud.enabled !== enabled) {
    cloud.enabled = enabled
    await cloudChanged(fmc)
  }
  return { body: view.cloudServicesView(fmc, call) }
}

async function cloudChanged(fmc: Fmc): Promise<void> {
  fmc.store.state.cloud.revision += 1
  await fmc.store.save()
  fmc.sftunnel.broadcastCloud()
}

/** `policy/healthpolicies` (public P25). */
export const listHealthPolicies: Operation = (fmc, call) => listAnswer(call, [fmc], (one) => view.healthPolicyView(one, call))

/** `policy/healthpolicies/{id}`. */
export const getHealthPolicy: Operation = (fmc, call) => {
  if (call.params['id'] !== fmc.store.state.healthPolicy.id) throw notFound(`HealthPolicy ${call.params['id']}`)
  return { body: view.healthPolicyView(fmc, call) }
}

const HealthPolicyChange = z.object({
  description: z.string().optional(),
  healthModules: z.array(z.object({ moduleId: z.string(), enabled: z.boolean() })).optional(),
  setting: z
    .object({
      alertEvaluationInterval: z.number().int().min(5).max(60).optional(),
      dataCollectionInterval: z.number().int().min(1).max(60).optional(),
    })
    .optional(),
})

/** `PUT policy/healthpolicies/{id}`: switches modules and sets intervals (ranges public P25). Modules are named as in policies or as in alerts. */
export const updateHealthPolicy: Operation = async (fmc, call) => {
  const { healthPolicy } = fmc.store.state
  if (call.params['id'] !== healthPolicy.id) throw notFound(`HealthPolicy ${call.params['id']}`)
  const { description, healthModules = [], setting } = call.body(HealthPolicyChange)
  const switched = healthModules.map(({ moduleId, enabled }) => [moduleNamed(moduleId), enabled] as const)
  for (const [module, enabled] of switched) healthPolicy.modules[module] = enabled
  if (description !== undefined) healthPolicy.description = description
  healthPolicy.alertEvaluationIntervalMinutes = setting?.alertEvaluationInterval ?? healthPolicy.alertEvaluationIntervalMinutes
  healthPolicy.dataCollectionIntervalMinutes = setting?.dataCollectionInterval ?? healthPolicy.dataCollectionIntervalMinutes
  await fmc.store.save()
  fmc.sftunnel.broadcastHealthPolicy()
  return { body: view.healthPolicyView(fmc, call) }
}

function moduleNamed(name: string): HealthModuleId {
  const entry = Object.entries(view.POLICY_MODULES).find(([policyName, alertName]) => name === policyName || name === alertName)
  if (!entry) throw inputMismatch(`healthModules.moduleId: ${name} is none of ${oneOf(Object.keys(view.POLICY_MODULES))}`)
  return entry[1]
}
