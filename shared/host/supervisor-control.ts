import { z } from 'zod'
import { call } from './local-call.ts'
import type { World } from '../kernel/world.ts'

/** Where the supervisor answers, under the prefix of the appliance's files (`/ngfw` on an FTD). (invented) */
export const controlPath = (prefix: string): string => `${prefix}/var/sf/run/pm.sock`

/** What other processes of the host ask of the supervisor. (invented; the verbs are pmtool's, public P36) */
export const ControlRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('status') }),
  z.object({ kind: z.literal('enable'), id: z.string() }),
  z.object({ kind: z.literal('disable'), id: z.string() }),
  z.object({ kind: z.literal('restart'), id: z.string() }),
  z.object({ kind: z.literal('restart-type'), type: z.string() }),
  z.object({ kind: z.literal('reboot') }),
])
export type ControlRequest = z.infer<typeof ControlRequest>

/** A daemon as `pmtool status` shows it. */
export const DaemonStatus = z.object({
  name: z.string(),
  type: z.enum(['normal', 'system']),
  state: z.enum(['Running', 'Waiting', 'Down', 'User Disabled']),
  pid: z.number().optional(),
  command: z.string(),
  environment: z.record(z.string(), z.string()),
  pidFile: z.string(),
  enableFile: z.string(),
  stopTimeoutMs: z.number(),
  /** Epoch ms of the last start, or of the next one while it waits for it; absent before the first. */
  nextStartMs: z.number().optional(),
  requires: z.array(z.string()),
  requiredBy: z.array(z.string()),
})
export type DaemonStatus = z.infer<typeof DaemonStatus>

/** Status 0 is success; the others are errors with a text. */
export const ControlAnswer = z.object({ status: z.number(), text: z.string(), daemons: z.array(DaemonStatus) })
export type ControlAnswer = z.infer<typeof ControlAnswer>

/** Asks the host's supervisor. Rejects with a `LocalCallError` when no supervisor runs there. */
export async function askSupervisor(world: World, prefix: string, request: ControlRequest): Promise<ControlAnswer> {
  return ControlAnswer.parse(await call(world, controlPath(prefix), request))
}
