import { once } from 'node:events'
import type { Program, Programs } from '../../../shared/kernel/processes.ts'
import { ftdPrograms } from '../../../services/ftd/index.ts'
import { startSse } from '../../../services/sse/index.ts'

/** Where the cloud's configuration lies in its file tree: what `startSse` takes, as JSON. */
export const CLOUD_CONFIG = '/etc/sse.json'
export const CLOUD = '/usr/sbin/sse'

const cloud: Program = async (world, { signal }) => {
  const config = JSON.parse((await world.files.read(CLOUD_CONFIG)).toString()) as Parameters<typeof startSse>[1]
  await using _ = await startSse(world, config)
  if (!signal.aborted) await once(signal, 'abort')
  return 0
}

/** What may run in a process of its own. */
export const programs: Programs = { ...ftdPrograms, [CLOUD]: cloud }
