import { setImmediate } from 'node:timers/promises'
import { docker, type DockerResult } from '../../services/lab/compose/docker.ts'
import { ADMIN_PORT } from '../../shared/contract/admin.ts'

export const PROJECT = 'ftdlab-test'
export const CONSOLE_PORT = 18_080
const env = { COMPOSE_PROFILES: 'minimal', FTDLAB_CONSOLE_PORT: String(CONSOLE_PORT) }

/** `docker compose` on the test's own lab. */
export const compose = (...args: string[]): Promise<DockerResult> => docker(['compose', '--project-name', PROJECT, ...args], { env })

/** A command line in a container's own shell, as its user types it. */
export const execIn = (service: string, line: string): Promise<DockerResult> => compose('exec', '-T', service, 'bash', '-c', line)

/** Starts a lab with one FTD, after what an earlier run may have left is gone. Throws with the hosts' logs when it does not become healthy. */
export async function startComposedLab(): Promise<void> {
  await compose('down', '--volumes')
  const built = await compose('build')
  if (built.exitCode !== 0) throw new Error(`the images cannot be built:\n${built.output}`)
  const up = await compose('up', '--wait')
  if (up.exitCode === 0) return
  const { stdout } = await compose('logs', '--tail', '20')
  await compose('down', '--volumes')
  throw new Error(`the lab did not become healthy:\n${up.stderr}\n${stdout}`)
}

/** A request to a network host's administration, from the operator's container. */
export async function administer(
  address: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const request = {
    method,
    headers: { authorization: 'Bearer ftdlab-administrator', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
  const script = `const r = await fetch('http://${address}:${ADMIN_PORT}${path}', ${JSON.stringify(request)}); const t = await r.text(); console.log(JSON.stringify({ status: r.status, body: t === '' ? null : JSON.parse(t) }))`
  const { exitCode, stdout, stderr } = await compose('exec', '-T', 'lab', 'node', '--input-type=module', '-e', script)
  if (exitCode !== 0) throw new Error(`${method} ${path}: ${stderr}`)
  return JSON.parse(stdout) as { status: number; body: unknown }
}

/** Asks until the answer will do; what was seen last is in the error. */
export async function until(what: string, look: () => Promise<string | true>, withinMs = 90_000): Promise<void> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen === true) return
    await setImmediate() // What is looked at may change in this process.
    if (Date.now() > endMs) throw new Error(`${what}: not within ${withinMs / 1_000} s; seen: ${seen}`)
  }
}
