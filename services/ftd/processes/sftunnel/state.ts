import { z } from 'zod'
import type { World } from '../../../../shared/kernel/world.ts'
import { SFTUNNEL_STATE } from '../../paths.ts'

/** What sftunnel tells the command line of itself; times are epoch ms. (invented; read by `sftunnel-status-brief`) */
export const SftunnelState = z.object({
  peer: z.string(),
  localAddress: z.string(),
  /** Absent while there is no connection. */
  connectedSince: z.number().optional(),
  lastAttempt: z.number().optional(),
  lastDisconnect: z.number().optional(),
  heartbeatSent: z.number().optional(),
  heartbeatReceived: z.number().optional(),
})
export type SftunnelState = z.infer<typeof SftunnelState>

export interface StateFile {
  /** Changes what is given, undefined takes a field away, and saves the whole. */
  set(changes: { readonly [K in keyof SftunnelState]?: SftunnelState[K] | undefined }): void
  saved(): Promise<void>
}

export function openStateFile(world: World, peer: string, localAddress: string): StateFile {
  let state: Record<string, unknown> = { peer, localAddress }
  let saving = Promise.resolve()
  return {
    set(changes) {
      state = { ...state, ...changes }
      const text = JSON.stringify(state)
      saving = saving
        .then(() => world.files.write(SFTUNNEL_STATE, text))
        .catch((error: unknown) => world.log.warn('cannot save the state of the management channel', { error: String(error) }))
    },
    saved: () => saving,
  }
}
