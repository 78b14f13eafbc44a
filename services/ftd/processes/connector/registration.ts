import { type RegisterClient, RegisteredClient, SSE_PATHS } from '../../../../shared/contract/sse.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { DeadlineError } from '../../../../shared/wire/deadline.ts'
import { goDialError } from '../../../../shared/wire/go-errors.ts'
import { request, type HttpResponse } from '../../../../shared/wire/http/client.ts'
import type { ContextBody } from './context.ts'
import { cloudRoute } from './route.ts'

/** An unanswered SYN is the kernel's to give up; this is for a cloud that takes the request and says nothing. (invented) */
const TIMEOUT_MS = 300_000

/** The cloud did not register the device. The message is what the connector logs. */
export class RegistrationError extends Error {
  /** The HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined
  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RegistrationError'
    this.status = status
  }
}

/**
 * Registers the device with the cloud, or refreshes its registration: `token` is the registration token or the access token of the registration before.
 * Rejects with a `RegistrationError` in Go's wording, or with the signal's reason. (path seeds A, B; body invented)
 */
export async function register(world: World, context: ContextBody, token: string, signal: AbortSignal): Promise<RegisteredClient> {
  const { name, guid, type, version, description, ip } = context.clientInfo
  const client: RegisterClient = { name, guid, type, version, description, ip }
  const url = `https://${context.settings.exchange.fqdn}${SSE_PATHS.clients}`
  const answer = await post(world, url, token, client, signal)
  if (answer.status !== 200 && answer.status !== 201) {
    throw new RegistrationError(`Post ${url}: unexpected status ${answer.status} ${answer.statusText}`, answer.status)
  }
  try {
    return RegisteredClient.parse(JSON.parse(answer.body.toString()))
  } catch (error) {
    throw new RegistrationError(`Post ${url}: cannot understand the response`, answer.status, { cause: error })
  }
}

async function post(world: World, url: string, token: string, client: RegisterClient, signal: AbortSignal): Promise<HttpResponse> {
  try {
    return await request(world, {
      url,
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'User-Agent': 'Go-http-client/1.1' },
      body: JSON.stringify(client),
      timeoutMs: TIMEOUT_MS,
      signal,
      ...(await cloudRoute(world)),
    })
  } catch (error) {
    signal.throwIfAborted()
    const text =
      error instanceof DeadlineError ? 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)' : goDialError(error)
    throw new RegistrationError(`Post ${url}: ${text}`, undefined, { cause: error })
  }
}
