import { setTimeout as sleep } from 'node:timers/promises'
import type { HostHealth } from '../../../shared/host/host.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import { HEALTH_FILE } from '../../../shared/os/container.ts'
import type { LabPlan } from '../plan.ts'
import { docker, dockerSays } from './docker.ts'

/** Real time, also on a machine that is busy with something else. */
const HEALTHY_WITHIN_MS = 180_000
const LOOK_EVERY_MS = 250
const ANSWERS_WITHIN_MS = 10_000

/** Where a lab's status page is. */
export async function statusUrl(container: (host: string) => string): Promise<string> {
  return `http://${(await dockerSays(['port', container('lab'), '8080/tcp'])).trim().split('\n')[0]}`
}

/**
 * Waits until the operator sees the whole estate at work, and then until every device says that it is well. Asks the status page, since every command in a
 * container takes time from those that start.
 */
export async function untilHealthy(container: (host: string) => string, { ftds }: LabPlan, signal: AbortSignal | undefined): Promise<void> {
  const url = await statusUrl(container)
  const endMs = performance.now() + HEALTHY_WITHIN_MS
  let waitingFor = ['the status page']
  const look = async (): Promise<string[]> => {
    const hosts = await operatorSees(url)
    if (hosts.length > 0) return hosts
    const devices = await Promise.all(ftds.map(async ({ name }) => ({ name, ...(await healthIn(container(name))) })))
    return devices.filter(({ healthy }) => !healthy).flatMap((device) => device.waitingFor.map((what) => `${device.name}: ${what}`))
  }
  while (waitingFor.length > 0) {
    if (performance.now() > endMs) throw new LabError('LAB_TIMED_OUT', `the lab did not become healthy: ${waitingFor.join('; ')}`)
    await sleep(LOOK_EVERY_MS, undefined, signal === undefined ? {} : { signal })
    waitingFor = await look()
  }
}

/** What the operator waits for. */
async function operatorSees(url: string): Promise<string[]> {
  try {
    const response = await fetch(`${url}/api/status`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    const { hosts } = (await response.json()) as { hosts: { name: string; waitingFor: string[] }[] }
    return hosts.flatMap(({ name, waitingFor }) => waitingFor.map((what) => `${name}: ${what}`))
  } catch (error) {
    // Nobody listens there yet.
    return [`the status page: ${(error as Error).message}`]
  }
}

/** What a host wrote down about itself within the last second; a container that does not run is not healthy. */
export async function healthIn(container: string): Promise<HostHealth> {
  const { exitCode, stdout, stderr } = await docker(['exec', container, 'cat', HEALTH_FILE])
  return exitCode === 0 ? (JSON.parse(stdout) as HostHealth) : { healthy: false, waitingFor: [stderr.trim()], processes: [] }
}
