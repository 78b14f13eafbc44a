import { z } from 'zod'
import type { HealthReport } from '../../../shared/contract/sftunnel.ts'
import { LabError, codeOf } from '../../../shared/kernel/errors.ts'
import type { World } from '../../../shared/kernel/world.ts'
import type { Device } from '../state.ts'

/** Where alerts and health events outlive a restart. Invented. */
export const HEALTH_FILE = '/var/sf/fmc/health.json'

/** The oldest health events go when there are more. Invented. */
const MAX_EVENTS = 10_000

/** `moduleID` and display name (public and seed C; *Process Status* and *Appliance Heartbeat* are public names, *SSE Connection Status* is invented). */
export const HEALTH_MODULES = {
  THREAT_DATA_UPDATES: 'Threat Data Updates on Devices',
  CONN_STATUS_SSE: 'SSE Connection Status',
  PROCESS: 'Process Status',
  HEARTBEAT: 'Appliance Heartbeat',
} as const
const ModuleId = z.enum(['THREAT_DATA_UPDATES', 'CONN_STATUS_SSE', 'PROCESS', 'HEARTBEAT'])
type ModuleId = z.infer<typeof ModuleId>

/** The states of an alert (public). RECOVERED is the first good report after a bad one; the next good report makes it GREEN. */
export const ALERT_STATUSES = ['GREEN', 'DISABLED', 'RECOVERED', 'RED', 'ERROR', 'YELLOW', 'FAILED'] as const
/** The states of a health event (public). */
export const EVENT_STATUSES = ['NORMAL', 'DISABLED', 'CRITICAL', 'WARNING'] as const
type EventStatus = (typeof EVENT_STATUSES)[number]

const Alert = z.object({
  id: z.string(),
  moduleId: ModuleId,
  status: z.enum(['GREEN', 'DISABLED', 'RECOVERED', 'RED', 'YELLOW']),
  /** When the module last ran, epoch milliseconds. */
  at: z.number(),
  description: z.string(),
  details: z.string(),
})
export type Alert = z.infer<typeof Alert>

const HealthEvent = z.object({
  id: z.string(),
  deviceId: z.string(),
  deviceName: z.string(),
  moduleId: ModuleId,
  status: z.enum(EVENT_STATUSES),
  at: z.number(),
  description: z.string(),
})
export type HealthEvent = z.infer<typeof HealthEvent>

/** Alerts by device name (a device's id changes when it first connects, its name never does). */
const HealthState = z.object({ alerts: z.record(z.string(), z.array(Alert)), events: z.array(HealthEvent) })

/** What the FMC knows of the health of its devices. */
export interface Health {
  /** A module of a device ran. Makes or changes the device's alert, and an event when the status changed. */
  report(device: Device, report: Pick<HealthReport, 'status' | 'description' | 'details'> & { readonly module: ModuleId }): void
  /** The current alert of each module that has ever run on the device. */
  alertsOf(device: Device): readonly Alert[]
  /** Every status change, the oldest first. */
  events(): readonly HealthEvent[]
  saveIfDirty(): Promise<void>
}

/** The words for an alert's state in a health event (public names, pairing inferred). */
export function eventStatusOf(status: Alert['status']): EventStatus {
  if (status === 'RED') return 'CRITICAL'
  if (status === 'YELLOW') return 'WARNING'
  return status === 'DISABLED' ? 'DISABLED' : 'NORMAL'
}

/** Loads what an earlier run knew of the devices' health. Throws `LAB_STATE_BROKEN` when the file cannot be understood. */
export async function openHealth(world: World, devices: readonly Device[]): Promise<Health> {
  const earlier = await readHealth(world)
  const managed = new Set(devices.map((device) => device.name))
  const alerts = new Map<string, Map<ModuleId, Alert>>()
  for (const [name, list] of Object.entries(earlier?.alerts ?? {})) {
    if (managed.has(name)) alerts.set(name, new Map(list.map((alert) => [alert.moduleId, alert])))
  }
  let events: HealthEvent[] = earlier?.events ?? []
  const ids = world.random.stream('fmc.health')
  let dirty = false
  return {
    report(device, { module, status: reported, description, details }) {
      const modules = alerts.get(device.name) ?? new Map<ModuleId, Alert>()
      alerts.set(device.name, modules)
      const alert = modules.get(module)
      const status = nextStatus(alert?.status, reported)
      const at = world.clock.now()
      if (alert?.status === status && alert.description === description && alert.details === details) {
        alert.at = at
        return
      }
      modules.set(module, { id: alert?.id ?? ids.uuid(), moduleId: module, status, at, description, details })
      dirty = true
      if (alert && eventStatusOf(alert.status) === eventStatusOf(status)) return
      events.push({
        id: ids.uuid(),
        deviceId: device.id,
        deviceName: device.name,
        moduleId: module,
        status: eventStatusOf(status),
        at,
        description,
      })
      // Cut in large steps, so that one more event costs nothing on average.
      if (events.length > 2 * MAX_EVENTS) events = events.slice(-MAX_EVENTS)
    },
    alertsOf: (device) => [...(alerts.get(device.name)?.values() ?? [])],
    events: () => events,
    async saveIfDirty() {
      if (!dirty) return
      dirty = false
      const kept = {
        alerts: Object.fromEntries([...alerts].map(([name, modules]) => [name, [...modules.values()]])),
        events: events.slice(-MAX_EVENTS),
      }
      await world.files.write(HEALTH_FILE, JSON.stringify(kept))
    },
  }
}

function nextStatus(before: Alert['status'] | undefined, reported: HealthReport['status']): Alert['status'] {
  return reported === 'GREEN' && (before === 'RED' || before === 'YELLOW') ? 'RECOVERED' : reported
}

async function readHealth(world: World): Promise<z.infer<typeof HealthState> | undefined> {
  let text: string
  try {
    text = (await world.files.read(HEALTH_FILE)).toString('utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return HealthState.parse(JSON.parse(text))
  } catch (error) {
    throw new LabError(
      'LAB_STATE_BROKEN',
      `${world.host}: ${HEALTH_FILE} is not a file that this FMC wrote; remove it to start without alerts`,
      {
        cause: error,
      },
    )
  }
}
