import type { DeviceEvent } from '../../../shared/contract/event.ts'
import { explainFault, faultKind, faultKinds, parametersOf } from '../../../shared/fault/catalogue.ts'
import type { Fault } from '../../../shared/fault/fault.ts'
import type { AnyKind } from '../../../shared/fault/kind.ts'
import { LabError, oneOf } from '../../../shared/kernel/errors.ts'
import { seededRandom } from '../../../shared/kernel/seeded-random.ts'
import { cloudEventCounts, cloudEvents, CloudError } from '../../../shared/scenario/cloud-client.ts'
import { fmcConfig } from '../../../shared/scenario/fmc-client.ts'
import type { Scenario } from '../../../shared/scenario/schema.ts'
import { makeEvent } from '../../ftd/events.ts'
import { loadScenarios, scenariosNamed } from '../scenarios.ts'
import type { ApiContext } from './context.ts'
import { countEvents } from './event-counts.ts'
import type {
  ClockChange,
  ClockReport,
  DeviceIdentity,
  EventPage,
  EventQuery,
  Execution,
  ExecutionResult,
  FaultKindReport,
  FaultReport,
  HostReport,
  NewEvents,
  ScenarioSummary,
  Status,
} from './schemas.ts'

/** How the lab is, as a whole. */
export async function status(context: ApiContext, consolePort: number): Promise<Status> {
  const { lab } = context
  const hosts = await listHosts(context)
  const [{ healthy, waitingFor }, events] = await Promise.all([lab.healthy(), countEvents(lab, hosts).catch(unseen)])
  const doors = { console: consolePort, ...context.doors, ssh: { ...context.doors.ssh } }
  return {
    healthy,
    waitingFor: [...waitingFor],
    hosts,
    clock: clock(context),
    events,
    faults: lab.faults().length,
    region: lab.region,
    seed: lab.seed,
    doors,
  }
}

/** In a cloud that does not answer no events are seen; the rest of the status does not depend on it. */
function unseen(error: unknown): [] {
  if (error instanceof CloudError) return []
  throw error
}

/** Every host with its health and processes. */
export async function listHosts({ lab }: ApiContext): Promise<HostReport[]> {
  return (await lab.hosts()).map((host) => ({ ...host, waitingFor: [...host.waitingFor], processes: [...host.processes] }))
}

/** One host. Throws LAB_NO_SUCH_HOST. */
export async function getHost(context: ApiContext, name: string): Promise<HostReport> {
  const hosts = await listHosts(context)
  const found = hosts.find((host) => host.name === name)
  if (found === undefined)
    throw new LabError('LAB_NO_SUCH_HOST', `there is no host named ${name}; the hosts are ${oneOf(hosts.map((host) => host.name))}`)
  return found
}

/** The FTDs with their UUIDs, as FMC's device records have them. */
export async function listDevices({ lab }: ApiContext): Promise<DeviceIdentity[]> {
  const records = (await fmcConfig(lab, 'GET', '/devices/devicerecords?limit=1000')).body as { items?: { id: string; name: string }[] }
  return (records.items ?? []).map(({ id, name }) => ({ name, uuid: id }))
}

/** Runs one command on a host. Aborting the signal is Ctrl-C. */
export async function exec(
  { lab }: ApiContext,
  host: string,
  { command, shell, input, apart = false }: Execution,
  signal: AbortSignal,
): Promise<ExecutionResult> {
  return lab.exec(host, command, { signal, apart, ...(shell !== undefined && { shell }), ...(input !== undefined && { input }) })
}

/** Every kind of fault. */
export function listFaultKinds(): FaultKindReport[] {
  return [...faultKinds.values()].map(reportOfKind)
}

/** One kind of fault. Throws LAB_BAD_INPUT with the kinds. */
export function getFaultKind(name: string): FaultKindReport {
  return reportOfKind(faultKind(name))
}

/** What a fault would do, in one sentence. */
export function explain(fault: unknown): { explanation: string } {
  return { explanation: explainFault(fault as Fault) }
}

/** The faults that are active. */
export function listFaults({ lab }: ApiContext): FaultReport[] {
  return lab.faults().map((active) => ({ ...active, fault: { ...active.fault } }))
}

/** Breaks something. */
export async function addFault({ lab }: ApiContext, fault: unknown): Promise<FaultReport> {
  const active = await lab.inject(fault as Fault)
  return { ...active, fault: { ...active.fault } }
}

/** Takes a fault back. Throws LAB_NO_SUCH_FAULT. */
export async function removeFault({ lab }: ApiContext, id: string): Promise<void> {
  await lab.cure(id)
}

/** Has a device's detection engine see events. Throws LAB_NO_SUCH_HOST for what is no FTD. */
export async function sendEvents(context: ApiContext, device: string, request: NewEvents): Promise<{ sent: number }> {
  const events = 'events' in request ? request.events : await makeEvents(context, device, request)
  await context.lab.sendEvents(device, events)
  return { sent: events.length }
}

async function makeEvents(
  context: ApiContext,
  device: string,
  { type, count }: Extract<NewEvents, { type: unknown }>,
): Promise<DeviceEvent[]> {
  const devices = await listDevices(context)
  const known = devices.find(({ name }) => name === device)
  if (known === undefined)
    throw noSuchDevice(
      device,
      devices.map(({ name }) => name),
    )
  const now = context.lab.now()
  const random = seededRandom(context.lab.seed, `operator/${device}/${now}`)
  return Array.from({ length: count }, () => makeEvent(type, random, now, known.uuid))
}

/** A page of the events that the cloud has, in the order in which they came (with `device`: by number). Throws LAB_NO_SUCH_HOST. */
export async function listEvents({ lab }: ApiContext, { device, type, after, limit }: EventQuery): Promise<EventPage> {
  const filter = device === undefined ? {} : { device: await cloudIdOf(lab, device) }
  const { items, next } = await cloudEvents(lab, {
    ...filter,
    limit,
    ...(type !== undefined && { type }),
    ...(after !== undefined && { after }),
  })
  const events = items.map(({ deviceName, device: _id, ...event }) => ({ device: deviceName, ...event }))
  return next === undefined ? { items: events } : { items: events, next }
}

async function cloudIdOf(lab: ApiContext['lab'], device: string): Promise<string> {
  const counts = await cloudEventCounts(lab)
  const found = counts.find(({ deviceName }) => deviceName === device)
  if (found === undefined)
    throw noSuchDevice(
      device,
      counts.map(({ deviceName }) => deviceName),
    )
  return found.device
}

/** What the clock says and how it runs. */
export function clock({ lab }: ApiContext): ClockReport {
  return { now: lab.now(), speed: lab.timing.speed, paused: lab.timing.paused }
}

/** Changes how lab time runs. */
export function changeClock(context: ApiContext, { speed, paused }: ClockChange): ClockReport {
  const { lab } = context
  if (speed !== undefined) lab.setSpeed(speed)
  if (paused === true) lab.pause()
  if (paused === false) lab.resume()
  return clock(context)
}

/** Lets lab time pass as fast as the machine can. */
export async function advance(context: ApiContext, durationMs: number): Promise<ClockReport> {
  await context.lab.pass(durationMs)
  return clock(context)
}

/** Every scenario of the catalogue. */
export async function listScenarios(): Promise<ScenarioSummary[]> {
  return (await loadScenarios()).map(({ id, codename, title, difficulty, lab }) => ({
    id,
    codename,
    title: title.en,
    difficulty,
    ftds: lab.ftds,
  }))
}

/** One scenario by id or codename, whole: it tells the answer. Throws LAB_NO_SUCH_SCENARIO. */
export async function getScenario(name: string): Promise<Scenario> {
  const [scenario] = await scenariosNamed([name])
  return scenario!
}

function reportOfKind(kind: AnyKind): FaultKindReport {
  return { kind: kind.kind, summary: kind.summary, parameters: [...parametersOf(kind)] }
}

function noSuchDevice(name: string, names: readonly string[]): LabError {
  return new LabError('LAB_NO_SUCH_HOST', `there is no FTD named ${name}; the FTDs are ${oneOf(names)}`)
}
