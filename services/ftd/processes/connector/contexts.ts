import type { World } from '../../../../shared/kernel/world.ts'
import { readJson } from '../../files.ts'
import { removeIfThere } from '../../../../shared/host/optional-files.ts'
import { CONNECTOR_CONTEXT } from '../../paths.ts'
import { type ContextBody, StoredContext } from './context.ts'
import { startEvents, type EventsService } from './events-service.ts'
import type { ConnectorLog } from './log.ts'
import { register, RegistrationError } from './registration.ts'

/** The connector's one context, `default`. */
export interface Contexts {
  readonly context: StoredContext | undefined
  create(body: ContextBody): Promise<void>
  /** Replaces names and settings; the cloud learns of them at the next refresh. */
  update(body: ContextBody): Promise<void>
  /** Begins to register with the cloud; `status` tells how it ends. */
  activate(token: string): Promise<void>
  remove(): Promise<void>
  /** Ends all that goes on for the context. */
  stop(): void
}

/** Takes up the context that is on disk, if there is one. */
export async function openContexts(world: World, log: ConnectorLog): Promise<Contexts> {
  let context = await readJson(world, CONNECTOR_CONTEXT, StoredContext)
  // Whoever ended in the middle of an activation no longer has the token.
  if (context?.status === 'Activating') context = { ...context, status: 'Created' }
  /** Ends the activation, the refreshes and the events of the context as it is now. */
  let session: AbortController | undefined
  let events: EventsService | undefined

  async function store(next: StoredContext): Promise<void> {
    context = next
    await world.files.write(CONNECTOR_CONTEXT, JSON.stringify(next), { mode: 0o600, durable: true })
  }

  function stop(): void {
    session?.abort(new Error('the context was taken down'))
    session = undefined
    events = undefined
  }

  function begin(work: (signal: AbortSignal) => Promise<void>): void {
    stop()
    const { signal } = (session = new AbortController())
    work(signal).catch((error: unknown) => {
      if (!signal.aborted) world.log.error('the connector lost its context', { error: String(error) })
    })
  }

  async function enrol(body: ContextBody, token: string, signal: AbortSignal): Promise<void> {
    try {
      const registered = await register(world, body, token, signal)
      signal.throwIfAborted()
      await store({ body: context?.body ?? body, status: 'Enrolled', registered })
      log.info('contexts.go:141 contexts:(*Context).Activate', `context default enrolled as ${registered.id}`)
    } catch (error) {
      if (!(error instanceof RegistrationError)) throw error
      log.error('contexts.go:136 contexts:(*Context).Activate', error.message)
      await store({ body: context?.body ?? body, status: 'EnrollmentFailed' })
      return
    }
    await keepEnrolled(signal)
  }

  /** Runs the events and refreshes the registration at its interval, until the cloud no longer knows the device. */
  async function keepEnrolled(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { registered, body } = context!
      if (registered === undefined) return
      events ??= startEvents(world, log, signal, () => context?.registered)
      await events.start()
      await world.clock.sleep(body.settings.exchange.registration.refreshInterval * 1_000, signal)
      if (!(await refresh(signal))) return stop()
    }
  }

  async function refresh(signal: AbortSignal): Promise<boolean> {
    const { body, registered } = context!
    try {
      const renewed = await register(world, body, registered!.accessToken, signal)
      if (JSON.stringify(renewed) !== JSON.stringify(registered)) await store({ ...context!, registered: renewed })
    } catch (error) {
      if (!(error instanceof RegistrationError)) throw error
      log.error('contexts.go:173 contexts:(*Context).Refresh', error.message)
      if (error.status === 401 || error.status === 403 || error.status === 404) {
        await store({ body, status: 'Deregistered' })
        return false
      }
    }
    return true
  }

  if (context?.registered !== undefined) begin(keepEnrolled)
  return {
    get context() {
      return context
    },
    async create(body) {
      await store({ body, status: 'Created' })
      log.info('contexts.go:58 contexts:ContextCreationHandler', 'context default created')
    },
    async update(body) {
      await store({ ...context!, body })
    },
    async activate(token) {
      const { body } = context!
      stop()
      await store({ body, status: 'Activating' })
      begin((signal) => enrol(body, token, signal))
    },
    async remove() {
      stop()
      context = undefined
      await removeIfThere(world.files, CONNECTOR_CONTEXT)
      log.info('contexts.go:87 contexts:ContextDeletionHandler', 'context default deleted')
    },
    stop,
  }
}
