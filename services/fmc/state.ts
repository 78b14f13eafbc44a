import { z } from 'zod'
import { HealthModuleId } from '../../shared/contract/sftunnel.ts'
import { LabError, codeOf } from '../../shared/kernel/errors.ts'
import type { World } from '../../shared/kernel/world.ts'
import type { FmcConfig } from './config.ts'

/** Where the FMC keeps its configuration. Invented (the real one is a database). */
export const STATE_FILE = '/var/sf/fmc/state.json'

const Device = z.object({
  /** The UUID of the device record. Random until the device has connected once, the device's own from then on. */
  id: z.string(),
  name: z.string(),
  address: z.string(),
  registrationKey: z.string(),
  /** Whether the device has ever connected with the right key. */
  registered: z.boolean(),
  hostname: z.string().optional(),
  model: z.string().optional(),
  version: z.string().optional(),
  /** The last registration token that the device got from us, or why it got none. Epoch milliseconds. */
  token: z.object({ at: z.number(), refusedBecause: z.string().optional() }).optional(),
})
export type Device = z.infer<typeof Device>

const FmcState = z.object({
  cloud: z.object({
    /** Grows with each change, so that a device can tell an old broadcast from a new one. */
    revision: z.number().int(),
    enabled: z.boolean(),
    region: z.enum(['us', 'eu', 'apj']),
    sendIntrusionEvents: z.boolean(),
    sendFileEvents: z.boolean(),
    sendConnectionEvents: z.boolean(),
    sendAllConnectionEvents: z.boolean(),
    sendPackets: z.boolean(),
    sendNetworkDiscoveryEvents: z.boolean(),
    sendAIDefenseEvents: z.boolean(),
    /** Ids of devices that shall send nothing. */
    excludedDevices: z.array(z.string()),
  }),
  healthPolicy: z.object({
    id: z.string(),
    description: z.string(),
    alertEvaluationIntervalMinutes: z.number().int(),
    dataCollectionIntervalMinutes: z.number().int(),
    modules: z.record(HealthModuleId, z.boolean()),
  }),
  devices: z.array(Device),
  /** Since when the licence is what it is, epoch milliseconds: evaluation runs from here. */
  licensedSinceMs: z.number(),
})
export type FmcState = z.infer<typeof FmcState>

/** The FMC's configuration in memory, and its file. */
export interface Store {
  readonly state: FmcState
  /** Resolves once everything that is in `state` now is in the file. Calls that come while a write runs share the next one. */
  save(): Promise<void>
  /** Something changed whose loss would do no harm: it is written by the next `save` or `saveIfDirty`. */
  markDirty(): void
  saveIfDirty(): Promise<void>
}

/**
 * Loads the state of an earlier run, or makes the first one from the configuration. The list of managed devices always follows the
 * configuration; what an earlier run learnt of them is kept. Throws `LAB_STATE_BROKEN` when the file cannot be understood.
 */
export async function openStore(world: World, config: FmcConfig): Promise<Store> {
  const earlier = await readState(world)
  const state = earlier ?? firstState(world, config)
  state.devices = mergeDevices(world, config, state.devices)
  let dirty = false
  let writing: Promise<void> | undefined
  let next: Promise<void> | undefined
  const write = (): Promise<void> => {
    dirty = false
    const done = world.files.write(STATE_FILE, JSON.stringify(state), { durable: true }).finally(() => {
      if (writing === done) writing = undefined
    })
    writing = done
    return done
  }
  const save = (): Promise<void> => {
    if (!writing) return write()
    next ??= writing
      .catch(() => undefined) // Whoever asked for that write has been told; this one starts afresh.
      .then(() => {
        next = undefined
        return write()
      })
    return next
  }
  await save()
  return {
    state,
    save,
    markDirty() {
      dirty = true
    },
    async saveIfDirty() {
      if (dirty) await save()
    },
  }
}

async function readState(world: World): Promise<FmcState | undefined> {
  let text: string
  try {
    text = (await world.files.read(STATE_FILE)).toString('utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return FmcState.parse(JSON.parse(text))
  } catch (error) {
    throw new LabError(
      'LAB_STATE_BROKEN',
      `${world.host}: ${STATE_FILE} is not a state that this FMC wrote; remove the file to start with the configured settings`,
      { cause: error },
    )
  }
}

function firstState(world: World, config: FmcConfig): FmcState {
  const { send } = config.cloud
  return {
    cloud: {
      revision: 1,
      enabled: config.cloud.enabled,
      region: config.region,
      sendIntrusionEvents: send.intrusion,
      sendFileEvents: send.file,
      sendConnectionEvents: send.connection,
      sendAllConnectionEvents: send.allConnections,
      sendPackets: false,
      sendNetworkDiscoveryEvents: false,
      sendAIDefenseEvents: false,
      excludedDevices: [],
    },
    healthPolicy: {
      id: world.random.stream('fmc.health-policy').uuid(),
      description: 'Initial Health Policy',
      // 5 minutes and 1 minute are the defaults (public P25).
      alertEvaluationIntervalMinutes: 5,
      dataCollectionIntervalMinutes: 1,
      modules: { THREAT_DATA_UPDATES: true, CONN_STATUS_SSE: true, PROCESS: true },
    },
    devices: [],
    licensedSinceMs: world.clock.now(),
  }
}

function mergeDevices(world: World, config: FmcConfig, known: readonly Device[]): Device[] {
  const byName = new Map(known.map((device) => [device.name, device]))
  const ids = world.random.stream('fmc.devices')
  return config.devices.map(({ name, uuid, address, registrationKey }) => {
    // An id of its own for each name, so that one more device changes no other's.
    const id = uuid ?? byName.get(name)?.id ?? ids.stream(name).uuid()
    return { registered: false, ...byName.get(name), id, name, address, registrationKey }
  })
}
