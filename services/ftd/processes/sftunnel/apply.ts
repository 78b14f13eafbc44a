import type { CloudSettings, HealthPolicy } from '../../../../shared/contract/sftunnel.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { withFqdn } from '../../connector-properties.ts'
import { readText } from '../../../../shared/host/optional-files.ts'
import { CLOUD_SETTINGS, CONNECTOR_PROPERTIES, HEALTH_POLICY } from '../../paths.ts'
import { readCloudSettings } from '../../settings.ts'

/**
 * Takes over what the manager broadcast (seed B). The connector's properties follow only when the region is another than before: otherwise an administrator's hand in the
 * file would be undone at every broadcast. (inferred)
 */
export async function applyCloudSettings(world: World, settings: CloudSettings): Promise<void> {
  const before = await readCloudSettings(world)
  if (before?.region.fqdn !== settings.region.fqdn) await changeRegion(world, settings.region.fqdn)
  await writeIfChanged(world, CLOUD_SETTINGS, `${JSON.stringify(settings)}\n`)
}

/** Takes over the health policy. (invented) */
export async function applyHealthPolicy(world: World, policy: HealthPolicy): Promise<void> {
  await writeIfChanged(world, HEALTH_POLICY, `${JSON.stringify(policy)}\n`)
}

async function changeRegion(world: World, fqdn: string): Promise<void> {
  const text = await readText(world.files, CONNECTOR_PROPERTIES)
  if (text !== undefined) await writeIfChanged(world, CONNECTOR_PROPERTIES, withFqdn(text, fqdn))
}

/** Writing wakes everybody who watches the file. */
async function writeIfChanged(world: World, path: string, text: string): Promise<void> {
  if ((await readText(world.files, path)) !== text) await world.files.write(path, text)
}
