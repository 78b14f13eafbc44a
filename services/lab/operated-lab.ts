import type { TerminalSession } from '../../shared/host/host.ts'
import { LabError, oneOf } from '../../shared/kernel/errors.ts'
import type { Conn } from '../../shared/kernel/net.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import type { LabPlan } from './plan.ts'

/** A lab that runs on for people: its time is paced, and doors lead to its hosts. */
export interface OperatedLab extends Lab {
  /** What a client must trust to reach the clouds and FMC. */
  readonly caPem: string
  readonly timing: { readonly speed: number; readonly paused: boolean }
  /** These three throw LAB_NOT_EMULATED where the lab's time is the containers'. */
  setSpeed(speed: number): void
  pause(): void
  resume(): void
  /**
   * Connects from the operator's workstation to a lab host by its short or real name, or by its address. Throws LAB_NO_SUCH_HOST for what the lab does not
   * have, and the kernel's errors for what does not answer. Nothing outside the lab is ever dialled.
   */
  dial(name: string, port: number): Promise<Conn>
  /** Opens a terminal on a device; resolves with the exit code when it ends. */
  terminal(host: string, session: TerminalSession): Promise<number>
  healthy(): Promise<{ readonly healthy: boolean; readonly waitingFor: readonly string[] }>
}

/** A check that the operator knows a name or an address: throws LAB_NO_SUCH_HOST with the names for any other. */
export function knownNames({ names }: LabPlan): (name: string) => void {
  const known = new Set(names.flatMap(({ name, addresses }) => [name, ...addresses]))
  return (name) => {
    if (!known.has(name))
      throw new LabError('LAB_NO_SUCH_HOST', `the lab has no host ${name}; it has ${oneOf(new Set(names.map((named) => named.name)))}`)
  }
}
