import { z } from 'zod'
import { DeviceEvent, EventType } from '../../../shared/contract/event.ts'
import { AnyFault } from '../../../shared/fault/catalogue.ts'
import { SHELL_NAMES } from '../../../shared/host/host.ts'
import { DurationMs } from '../../../shared/kernel/duration.ts'

// What crosses the wire of the control API. Every time is lab time in epoch milliseconds unless its name says otherwise.

/** Lab seconds per real second; what more is, no machine keeps up with. */
export const Speed = z.number().gt(0).max(10_000).describe('lab seconds per real second')

const Port = z.number().int().min(1).max(65_535)

/** The loopback ports of the lab. */
export const Doors = z.object({
  console: Port,
  fmc: Port.describe("FMC's HTTPS"),
  connect: Port.describe('HTTP CONNECT to every lab host by its real name'),
  ssh: z.record(z.string(), Port).describe('by device name'),
})

const Process = z.object({
  name: z.string(),
  state: z.enum(['Running', 'Waiting', 'Down', 'User Disabled']),
  pid: z.number().int().optional(),
})

export const HostReport = z.object({
  name: z.string(),
  kind: z.enum(['ftd', 'fmc', 'cloud', 'dns', 'gateway', 'proxy']),
  address: z.string(),
  healthy: z.boolean(),
  waitingFor: z.array(z.string()).describe('what is not well, in words'),
  processes: z.array(Process),
})
export type HostReport = z.infer<typeof HostReport>

export const ClockReport = z.object({ now: z.number(), speed: z.number(), paused: z.boolean() })
export type ClockReport = z.infer<typeof ClockReport>

export const EventCount = z.object({
  device: z.string(),
  stored: z.number().describe('distinct events in the cloud'),
  waiting: z.number().describe('on the device, not yet acknowledged by the cloud'),
  lost: z.number().describe('acknowledged and not in the cloud'),
  repeated: z.number().describe('came again and were dropped'),
})
export type EventCount = z.infer<typeof EventCount>

export const Status = z.object({
  healthy: z.boolean(),
  waitingFor: z.array(z.string()),
  hosts: z.array(HostReport),
  clock: ClockReport,
  events: z.array(EventCount),
  faults: z.number().int().describe('how many are active'),
  region: z.enum(['us', 'eu', 'apj']),
  seed: z.number(),
  doors: Doors,
})
export type Status = z.infer<typeof Status>

export const Execution = z.strictObject({
  command: z.string().min(1).max(65_536),
  shell: z.enum(SHELL_NAMES).optional().describe('clish for what clish knows and root for everything else, unless given'),
  input: z.string().max(1_048_576).optional().describe("typed at the command's prompts"),
  apart: z.boolean().optional().describe('stdout and stderr each for itself, also in containers, which lose the order between them for it'),
  id: z.string().min(1).max(100).optional().describe('a name of your choice, to interrupt it by'),
})
export type Execution = z.infer<typeof Execution>

export const ExecutionResult = z.object({
  exitCode: z.number(),
  output: z.string().describe('both streams in the order in which a terminal shows them'),
  stdout: z.string().describe('in containers both streams, unless they were asked for apart'),
  stderr: z.string(),
})
export type ExecutionResult = z.infer<typeof ExecutionResult>

export const FaultKindReport = z.object({
  kind: z.string(),
  summary: z.string(),
  parameters: z.array(z.object({ name: z.string(), required: z.boolean(), description: z.string() })),
})
export type FaultKindReport = z.infer<typeof FaultKindReport>

export const FaultReport = z.object({
  id: z.string(),
  fault: z.looseObject({ kind: z.string() }),
  explanation: z.string(),
  state: z.enum(['waiting', 'acting', 'over', 'failed']).optional().describe('of a fault with a timing: what it does now'),
  note: z.string().optional().describe('how it was done, where that is not as the explanation says'),
})
export type FaultReport = z.infer<typeof FaultReport>

export { AnyFault }

/** Events to send from a device: given ones, or so many of a type made up. */
export const NewEvents = z.union([
  z.strictObject({ events: z.array(DeviceEvent).min(1).max(10_000) }),
  z.strictObject({ type: EventType, count: z.number().int().min(1).max(10_000).default(1) }),
])
export type NewEvents = z.infer<typeof NewEvents>

export const EventQuery = z.object({
  device: z.string().optional(),
  type: EventType.optional(),
  after: z.string().regex(/^\d+$/, 'pass the `next` of the page before').optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})
export type EventQuery = z.infer<typeof EventQuery>

export const StoredEvent = z.object({ device: z.string(), number: z.number(), ...DeviceEvent.shape, storedAt: z.number() })
export type StoredEvent = z.infer<typeof StoredEvent>

export const EventPage = z.object({
  items: z.array(StoredEvent),
  next: z.string().optional().describe('pass as `after` to go on; absent at the end'),
})
export type EventPage = z.infer<typeof EventPage>

export const DeviceIdentity = z.object({ name: z.string(), uuid: z.string() })
export type DeviceIdentity = z.infer<typeof DeviceIdentity>

export const ClockChange = z.strictObject({ speed: Speed.optional(), paused: z.boolean().optional() })
export type ClockChange = z.infer<typeof ClockChange>

export const Advance = z.strictObject({ duration: DurationMs })
export type Advance = z.infer<typeof Advance>

export const ScenarioSummary = z.object({
  id: z.string(),
  codename: z.string(),
  title: z.string(),
  difficulty: z.number(),
  ftds: z.number(),
})
export type ScenarioSummary = z.infer<typeof ScenarioSummary>
