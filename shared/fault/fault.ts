import type { z } from 'zod'
import type { ExecOptions, ExecResult } from '../host/host.ts'
import type { FaultTiming } from './timing.ts'
import type { HostInfo, LabRequest, LabResponse } from '../scenario/lab.ts'

/** A fault as data: its kind, `family.verb`, the parameters of that kind, and when it acts, if not at once and until it is taken back. */
export type Fault = { readonly kind: string; readonly when?: FaultTiming | undefined } & Readonly<Record<string, unknown>>

/** What a fault may use to change the world: an administrator's or a saboteur's hands, never a product's inside. */
export interface FaultSite {
  exec(host: string, command: string, options?: ExecOptions): Promise<ExecResult>
  request(host: string, request: LabRequest): Promise<LabResponse>
  hosts(): Promise<readonly HostInfo[]>
  /** Lab time by the watch of whoever acts, epoch milliseconds. */
  now(): number
}

/** Takes the change back; callable once. `note`: what whoever injected the fault should know about how it was done, in a sentence. */
export type Cure = (() => Promise<void>) & { readonly note?: string }

/** One kind of fault. `P` is what its parameters parse to. */
export interface FaultKind<P extends { kind: string }> {
  readonly kind: P['kind']
  /** One line for lists. */
  readonly summary: string
  readonly schema: z.ZodType<P>
  /** The fault in one sentence. */
  explain(fault: P): string
  /** Changes the world and returns the cure. A failed inject leaves nothing behind. */
  inject(fault: P, site: FaultSite): Promise<Cure>
}
