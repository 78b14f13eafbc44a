import type { HostHealth } from '../../../shared/host/host.ts'
import { HEALTH_FILE } from '../../../shared/os/container.ts'
import { docker } from './docker.ts'

/** What a host wrote down about itself within the last second; a container that does not run is not healthy. */
export async function healthIn(container: string): Promise<HostHealth> {
  const { exitCode, stdout, stderr } = await docker(['exec', container, 'cat', HEALTH_FILE])
  return exitCode === 0 ? (JSON.parse(stdout) as HostHealth) : { healthy: false, waitingFor: [stderr.trim()], processes: [] }
}
