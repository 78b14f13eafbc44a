import type { ExecOptions } from '../host/host.ts'
import { LabError } from '../kernel/errors.ts'
import type { LabRequest, LabResponse } from '../scenario/lab.ts'
import { once } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'

/** Runs a command that must succeed and returns what it printed. Throws `LAB_STATE_BROKEN` with its output when it fails. */
export async function run(site: FaultSite, host: string, command: string, options?: ExecOptions): Promise<string> {
  const { exitCode, output } = await site.exec(host, command, options)
  if (exitCode === 0) return output
  throw new LabError(
    'LAB_STATE_BROKEN',
    `${host}: ${JSON.stringify(command)} ended with ${exitCode}: ${output.trim() || 'it printed nothing'}`,
  )
}

/** The text of a file of an appliance, empty when there is none. `path` has no characters that a shell would see. */
export function readFile(site: FaultSite, host: string, path: string): Promise<string> {
  return run(site, host, `if [ -f ${path} ]; then cat ${path}; fi`, { shell: 'root' })
}

/**
 * Asks an administration API. Throws `LAB_BAD_INPUT` with its words when it answers 400, `LAB_NOT_EMULATED` when it answers 501, `LAB_STATE_BROKEN` for any
 * other unexpected status.
 */
export async function ask(site: FaultSite, host: string, request: LabRequest, expected: readonly number[]): Promise<LabResponse> {
  const response = await site.request(host, request)
  if (expected.includes(response.status)) return response
  const said = typeof response.body === 'string' ? response.body : JSON.stringify(response.body)
  if (response.status === 400) throw new LabError('LAB_BAD_INPUT', `${host}: ${sentenceOf(response.body) ?? said}`)
  if (response.status === 501) throw new LabError('LAB_NOT_EMULATED', `${host}: ${sentenceOf(response.body) ?? said}`)
  throw new LabError(
    'LAB_STATE_BROKEN',
    `${host}: ${request.method} ${request.path} answered ${response.status}: ${sentenceOf(response.body) ?? said}`,
  )
}

function sentenceOf(body: unknown): string | undefined {
  const error = (body as { error?: unknown } | null | undefined)?.error
  return typeof error === 'string' ? error : undefined
}

/** Adds an object (a rule, an override) through an administration API; the cure deletes it. One that is gone already, after a restart of the host, is cured too. */
export async function addObject(site: FaultSite, host: string, path: string, body: unknown): Promise<Cure> {
  const { body: made } = await ask(site, host, { method: 'POST', path, body }, [201])
  const { id } = made as { id: string }
  return once(async () => {
    await ask(site, host, { method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` }, [204, 404])
  })
}
