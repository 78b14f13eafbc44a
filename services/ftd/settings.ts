import { CloudSettings, HealthPolicy } from '../../shared/contract/sftunnel.ts'
import type { World } from '../../shared/kernel/world.ts'
import { readJson } from './files.ts'
import { CLOUD_SETTINGS, HEALTH_POLICY } from './paths.ts'

/** Until the manager has sent a policy: FMC's default interval (public P25), every module on. */
const DEFAULT_POLICY: HealthPolicy = { runIntervalMs: 300_000, modules: {} }

/** What the manager broadcast last, or undefined when it never did. */
export function readCloudSettings(world: World): Promise<CloudSettings | undefined> {
  return readJson(world, CLOUD_SETTINGS, CloudSettings)
}

/** The health policy that the manager sent last, or FMC's default. */
export async function readHealthPolicy(world: World): Promise<HealthPolicy> {
  return (await readJson(world, HEALTH_POLICY, HealthPolicy)) ?? DEFAULT_POLICY
}
