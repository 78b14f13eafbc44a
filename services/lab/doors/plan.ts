import { LabError } from '../../../shared/kernel/errors.ts'
import type { DoorPort } from './listen.ts'

/** Which loopback port each door wants. */
export interface DoorPlan {
  readonly console: DoorPort
  readonly fmc: DoorPort
  readonly connect: DoorPort
  readonly ssh: readonly (DoorPort & { readonly device: string })[]
}

const DEFAULTS = { console: 8080, fmc: 8443, connect: 8089, ssh: 2200 } as const
const HIGHEST = 65_535

/**
 * Plans the ports. Without a base they are 8080 (console), 8443 (FMC), 8089 (CONNECT), 2200 (SSH to FMC) and from 2201 on one for each FTD. With a base N: N
 * console, N+1 FMC, N+2 CONNECT, N+10 SSH to FMC, from N+11 on one for each FTD. Base 0: any free ports.
 */
export function planDoors(options: {
  readonly base?: number | undefined
  readonly ftds: readonly string[]
  readonly address?: string | undefined
}): DoorPlan {
  const { base, ftds, address } = options
  const from = base === undefined ? DEFAULTS : { console: base, fmc: base + 1, connect: base + 2, ssh: base + 10 }
  const last = from.ssh + ftds.length
  if (base !== 0 && last > HIGHEST)
    throw new LabError(
      'LAB_BAD_INPUT',
      `--port ${base} with ${ftds.length} FTDs needs ports up to ${last}; choose a base of at most ${HIGHEST - 10 - ftds.length}`,
    )
  const at = (wanted: number) => ({ port: base === 0 ? 0 : wanted, address })
  return {
    console: { what: 'the console', ...at(from.console) },
    fmc: { what: "FMC's HTTPS", ...at(from.fmc) },
    connect: { what: 'the CONNECT door', ...at(from.connect) },
    ssh: ['fmc', ...ftds].map((device, index) => ({ device, what: `SSH to ${device}`, ...at(from.ssh + index) })),
  }
}

/** Every port of a plan. */
export function portsOf(plan: DoorPlan): readonly DoorPort[] {
  return [plan.console, plan.fmc, plan.connect, ...plan.ssh]
}
