import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError } from '../../../shared/kernel/errors.ts'
import { docker, dockerSays } from './docker.ts'
import { healthIn } from './healthy.ts'
import type { NetworkNumbers } from './numbers.ts'

/** What Docker Compose labels with a project's name. */
const KINDS = [
  { list: ['ps', '--all', '--quiet'], remove: ['rm', '--force', '--volumes'] },
  { list: ['volume', 'ls', '--quiet'], remove: ['volume', 'rm', '--force'] },
  { list: ['network', 'ls', '--quiet'], remove: ['network', 'rm'] },
] as const
/** A `docker compose up` that is still under way makes more while we remove. */
const MOST_ROUNDS = 20

async function labelled(project: string, list: readonly string[]): Promise<string[]> {
  const found = await dockerSays([...list, '--filter', `label=com.docker.compose.project=${project}`])
  return found.split(/\s+/).filter((id) => id !== '')
}

/**
 * Removes every container, volume and network of a project, and what is still being added to it. By their labels: no compose file need say what there is, and no
 * host is asked to end in good order, for nothing of it is kept. Throws LAB_STATE_BROKEN with Docker's words when something cannot be removed.
 */
export async function removeProject(project: string): Promise<void> {
  let last = ''
  for (let round = 0; round < MOST_ROUNDS; round++) {
    let found = 0
    for (const { list, remove } of KINDS) {
      const ids = await labelled(project, list)
      found += ids.length
      if (ids.length > 0) last = (await docker([...remove, ...ids])).stderr.trim()
    }
    if (found === 0) return
  }
  throw new LabError('LAB_STATE_BROKEN', `the containers of ${project} cannot be removed: ${last}`)
}

/**
 * Has a process of its own remove the project when this one ends before the returned value is disposed: after Ctrl-C, a crash or kill -9. (Testcontainers has a
 * container for that, whose image many machines cannot pull.)
 */
export function removeAfterUs(project: string): Disposable {
  const reaper = spawn(process.execPath, [join(import.meta.dirname, 'reaper.ts'), project], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  reaper.on('error', () => {}) // Without it a lab still ends in good order.
  reaper.stdin.on('error', () => {})
  reaper.unref()
  ;(reaper.stdin as unknown as { unref(): void }).unref()
  return { [Symbol.dispose]: () => void reaper.stdin.end('done') }
}

export interface ProjectOptions {
  readonly project: string
  readonly numbers: NetworkNumbers
  /** The names of its devices. */
  readonly ftds: readonly string[]
  /** Words of the compose file's environment. */
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
}

/** Networks that somebody else took since we looked. */
export class NumbersTaken extends Error {}

/** Real time, also on a machine that is busy with something else. */
const HEALTHY_WITHIN_S = 180

/**
 * Starts a project's containers from the images that there are and waits until every host is healthy: the devices as they see themselves, the estate as the
 * operator sees it. Throws NumbersTaken, LAB_TIMED_OUT with what the hosts still wait for, LAB_STATE_BROKEN with Docker's words.
 */
export async function startProject({ project, numbers, ftds, env, signal }: ProjectOptions): Promise<void> {
  const services = ['dns', 'gateway', 'proxy', 'sse', 'fmc', ...ftds, 'lab']
  const up = ['up', '--wait', '--wait-timeout', String(HEALTHY_WITHIN_S), '--no-build', '--pull', 'never', ...services]
  const { exitCode, stderr } = await docker(['compose', '--project-name', project, '--profile', 'class', ...up], {
    env: {
      ...env,
      COMPOSE_PROFILES: '',
      FTDLAB_FTDS: String(ftds.length),
      FTDLAB_MANAGEMENT: numbers.management,
      FTDLAB_INTERNET: numbers.internet,
    },
    signal,
  })
  if (exitCode === 0) return
  if (/overlaps with other one/i.test(stderr)) throw new NumbersTaken()
  if (/not healthy after|is unhealthy/i.test(stderr)) {
    const unwell = await waitingFor(project, services)
    throw new LabError('LAB_TIMED_OUT', `the lab did not become healthy: ${unwell.join('; ') || stderr.trim().split('\n').at(-1)}`)
  }
  throw new LabError('LAB_STATE_BROKEN', `the containers did not start: ${stderr.trim().split('\n').slice(-3).join('; ')}`)
}

/** What the hosts that run wait for. */
async function waitingFor(project: string, services: readonly string[]): Promise<string[]> {
  const running = (await labelled(project, ['ps', '--format', '{{.Names}}'])).map((name) => name.slice(project.length + 1, -'-1'.length))
  const hosts = services.filter((name) => running.includes(name))
  const looks = await Promise.all(hosts.map(async (name) => ({ name, ...(await healthIn(`${project}-${name}-1`)) })))
  return looks.filter(({ healthy }) => !healthy).flatMap((host) => host.waitingFor.map((what) => `${host.name}: ${what}`))
}

/** Writes what every container of a project logged into `FOLDER/PROJECT.log` and returns that path. */
export async function keepLogs(project: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${project}.log`)
  const containers = await labelled(project, ['ps', '--all', '--format', '{{.Names}}'])
  const logs = await Promise.all(
    containers.map(async (name) => `==> ${name} <==\n${(await docker(['logs', '--timestamps', name])).output}`),
  )
  await writeFile(file, logs.join('\n'))
  return file
}
