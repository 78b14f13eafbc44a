import { z } from 'zod'
import type { World } from '../../shared/kernel/world.ts'
import { request, type HttpResponse } from '../../shared/wire/http/client.ts'
import { CONNECTOR_PORT } from './connector-properties.ts'
import { ContextBody, ContextStatus } from './processes/connector/context.ts'

/** How long the device's own processes wait for the connector: long, for in a lab that runs fast a busy machine takes seconds for nothing. (invented) */
const TIMEOUT_MS = 60_000

const ShownContext = ContextBody.extend({ status: z.object({ status: ContextStatus }) })
export type ShownContext = z.infer<typeof ShownContext>

/** The connector's local API answered what its caller cannot use. */
export class ConnectorApiError extends Error {
  constructor(method: string, path: string, { status, body }: HttpResponse) {
    super(`${method} ${path}: ${status} ${body.toString().trim()}`)
    this.name = 'ConnectorApiError'
  }
}

/** The default context, or undefined when there is none. Rejects when the connector does not answer. */
export async function fetchContext(world: World): Promise<ShownContext | undefined> {
  const answer = await ask(world, 'GET', '/v1/contexts/default', undefined, [200, 404])
  return answer.status === 404 ? undefined : ShownContext.parse(JSON.parse(answer.body.toString()))
}

/** Creates the default context; one that exists stays as it is (public P33: 409 is success). */
export async function createContext(world: World, body: ContextBody): Promise<void> {
  await ask(world, 'POST', '/v1/contexts/', body, [200, 201, 409])
}

/** Hands over a registration token; the registration itself goes on afterwards. */
export async function activateContext(world: World, token: string): Promise<void> {
  await ask(world, 'POST', '/v1/contexts/default/activations', { token }, [200, 201])
}

export async function deleteContext(world: World): Promise<void> {
  await ask(world, 'DELETE', '/v1/contexts/default', undefined, [200, 204, 404])
}

/** A connection for each question: one that is kept would stand in `lsof -i | grep conn`, where the documents have none (seeds A, B). */
async function ask(world: World, method: string, path: string, body: unknown, accepted: readonly number[]): Promise<HttpResponse> {
  const answer = await request(world, {
    url: `http://localhost:${CONNECTOR_PORT}${path}`,
    method,
    timeoutMs: TIMEOUT_MS,
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  })
  if (!accepted.includes(answer.status)) throw new ConnectorApiError(method, path, answer)
  return answer
}
