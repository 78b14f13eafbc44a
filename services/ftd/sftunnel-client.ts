import { z } from 'zod'
import { HealthReport } from '../../shared/contract/sftunnel.ts'
import { call } from '../../shared/host/local-call.ts'
import type { World } from '../../shared/kernel/world.ts'
import { SFTUNNEL_SOCKET } from './paths.ts'

/** What other processes of the device ask of sftunnel. (invented) */
export const TunnelRequest = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('token') }),
  z.object({ kind: z.literal('health'), reports: z.array(HealthReport) }),
])
export type TunnelRequest = z.infer<typeof TunnelRequest>

const TokenAnswer = z.object({ token: z.string() })

/** Asks the manager for a registration token (seed B). Rejects with a `LocalCallError` that says why there is none. */
export async function requestToken(world: World, signal: AbortSignal): Promise<string> {
  const request: TunnelRequest = { kind: 'token' }
  return TokenAnswer.parse(await call(world, SFTUNNEL_SOCKET, request, signal)).token
}

/** Hands health reports over for the manager; sftunnel keeps the newest while the manager cannot be reached. Rejects when sftunnel does not run. */
export async function reportHealth(world: World, reports: readonly HealthReport[], signal: AbortSignal): Promise<void> {
  const request: TunnelRequest = { kind: 'health', reports: [...reports] }
  await call(world, SFTUNNEL_SOCKET, request, signal)
}
