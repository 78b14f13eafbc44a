import type { ExecOptions, ExecResult, HostKind, ProcessStatus } from '../host/host.ts'
import type { DeviceEvent } from '../contract/event.ts'
import type { RegionId } from '../contract/region.ts'
import type { Fault } from '../fault/fault.ts'

export interface HostInfo {
  readonly name: string
  readonly kind: HostKind
  readonly address: string
}

export interface HostStatus extends HostInfo {
  readonly healthy: boolean
  readonly waitingFor: readonly string[]
  readonly processes: readonly ProcessStatus[]
}

export interface LabRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Host name as a URL has it (`api-sse.cisco.com`); the lab host's address unless given, which for the cloud means its administration port. */
  readonly servername?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface LabResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown
}

export interface ActiveFault {
  readonly id: string
  readonly fault: Fault
  readonly explanation: string
  /** Of a fault with a timing: what it does now. `failed`: it could not begin or end, for the reason in the note. */
  readonly state?: 'waiting' | 'acting' | 'over' | 'failed'
  /** How it was done, where that is not as the explanation says. */
  readonly note?: string
}

/**
 * A running lab, however it is run. Faults, symptoms, the scenario player, CLI and tests see only this: what an operator could do with hands on
 * the hosts, and nothing of the hosts' insides.
 */
export interface Lab extends AsyncDisposable {
  readonly seed: number
  /** The cloud region that the estate is configured for. */
  readonly region: RegionId
  /** Lab time, epoch milliseconds. */
  now(): number
  hosts(): Promise<readonly HostStatus[]>
  exec(host: string, command: string, options?: ExecOptions): Promise<ExecResult>
  /** An HTTPS (FMC, clouds) or HTTP (dns, gateway, proxy, the cloud without a servername: their administration port) request from the operator's workstation. */
  request(host: string, request: LabRequest): Promise<LabResponse>
  /** Appends events to a device's event log, as its detection engine would. */
  sendEvents(device: string, events: readonly DeviceEvent[]): Promise<void>
  inject(fault: Fault): Promise<ActiveFault>
  /** Takes a fault back. */
  cure(id: string): Promise<void>
  faults(): readonly ActiveFault[]
  /** A hash of everything that happened so far, where the lab is deterministic (sim); the same seed gives the same hash. */
  traceHash?(): string
  /** Lets lab time pass: in sim as fast as the machine can, in compose by waiting. */
  pass(durationMs: number): Promise<void>
}
