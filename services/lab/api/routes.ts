import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { LabError, oneOf } from '../../../shared/kernel/errors.ts'
import type { ApiContext } from './context.ts'
import { ErrorBody } from './errors.ts'
import * as operations from './operations.ts'
import {
  Advance,
  AnyFault,
  ClockChange,
  ClockReport,
  DeviceIdentity,
  EventPage,
  EventQuery,
  Execution,
  ExecutionResult,
  FaultKindReport,
  FaultReport,
  HostReport,
  NewEvents,
  ScenarioSummary,
  Status,
} from './schemas.ts'

const Name = z.object({ name: z.string() })
const Id = z.object({ id: z.string() })
const Nothing = z.null().describe('nothing')
/** Enough for 10,000 events of the longest kind. */
const EVENTS_BYTES = 32 * 1024 * 1024

/** Wires the operations to their paths. */
export function addRoutes(app: FastifyInstance, context: ApiContext, consolePort: () => number): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const running = new Map<string, AbortController>()
  const failing = { '4xx': ErrorBody, '5xx': ErrorBody }
  const answering = <S extends z.ZodType>(schema: S) => ({ 200: schema, ...failing })

  api.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/api/docs'))

  api.get('/api/status', { schema: { tags: ['lab'], summary: 'How the lab is', response: answering(Status) } }, () =>
    operations.status(context, consolePort()),
  )
  api.post(
    '/api/shutdown',
    { schema: { tags: ['lab'], summary: 'End the lab', response: { 202: Nothing, ...failing } } },
    async (_request, reply) => {
      reply.raw.once('close', () => context.end())
      return reply.status(202).send(null)
    },
  )

  api.get('/api/hosts', { schema: { tags: ['hosts'], summary: 'All hosts', response: answering(z.array(HostReport)) } }, () =>
    operations.listHosts(context),
  )
  api.get(
    '/api/hosts/:name',
    { schema: { tags: ['hosts'], summary: 'One host', params: Name, response: answering(HostReport) } },
    ({ params }) => operations.getHost(context, params.name),
  )
  api.get(
    '/api/devices',
    { schema: { tags: ['hosts'], summary: 'The FTDs with their UUIDs', response: answering(z.array(DeviceIdentity)) } },
    () => operations.listDevices(context),
  )
  api.post(
    '/api/hosts/:name/exec',
    {
      schema: {
        tags: ['hosts'],
        summary: 'Run one command; hanging up is Ctrl-C',
        params: Name,
        body: Execution,
        response: answering(ExecutionResult),
      },
    },
    async ({ params, body }, reply) => {
      const { id } = body
      if (id !== undefined && running.has(id)) throw new LabError('LAB_BAD_INPUT', `a command with the id ${id} is running`)
      const interrupt = new AbortController()
      const hungUp = () => interrupt.abort()
      reply.raw.once('close', hungUp)
      if (id !== undefined) running.set(id, interrupt)
      try {
        return await operations.exec(context, params.name, body, interrupt.signal)
      } finally {
        reply.raw.off('close', hungUp)
        if (id !== undefined) running.delete(id)
      }
    },
  )
  api.delete(
    '/api/executions/:id',
    {
      schema: {
        tags: ['hosts'],
        summary: 'Press Ctrl-C on a running command; it answers with what it printed',
        params: Id,
        response: { 204: Nothing, ...failing },
      },
    },
    async ({ params }, reply) => {
      const found = running.get(params.id)
      if (found === undefined)
        throw new LabError(
          'LAB_BAD_INPUT',
          `no command with the id ${params.id} is running; ${running.size === 0 ? 'none is' : `there are ${oneOf(running.keys())}`}`,
        )
      found.abort()
      return reply.status(204).send(null)
    },
  )

  api.get(
    '/api/fault-kinds',
    { schema: { tags: ['faults'], summary: 'What can be broken', response: answering(z.array(FaultKindReport)) } },
    async () => operations.listFaultKinds(),
  )
  api.get(
    '/api/fault-kinds/:name',
    { schema: { tags: ['faults'], summary: 'One kind of fault', params: Name, response: answering(FaultKindReport) } },
    async ({ params }) => operations.getFaultKind(params.name),
  )
  api.get(
    '/api/faults',
    { schema: { tags: ['faults'], summary: 'The active faults', response: answering(z.array(FaultReport)) } },
    async () => operations.listFaults(context),
  )
  // The catalogue's own errors say more than a schema's: the body is documented here and judged there.
  const judgedLater = { validatorCompiler: () => (value: unknown) => ({ value }) }
  api.post(
    '/api/faults',
    {
      ...judgedLater,
      schema: { tags: ['faults'], summary: 'Break something', body: AnyFault, response: { 201: FaultReport, ...failing } },
    },
    async ({ body }, reply) => reply.status(201).send(await operations.addFault(context, body)),
  )
  api.post(
    '/api/faults/explain',
    {
      ...judgedLater,
      config: { onlyReads: true },
      schema: {
        tags: ['faults'],
        summary: 'What a fault would do',
        body: AnyFault,
        response: answering(z.object({ explanation: z.string() })),
      },
    },
    async ({ body }) => operations.explain(body),
  )
  api.delete(
    '/api/faults/:id',
    { schema: { tags: ['faults'], summary: 'Take a fault back', params: Id, response: { 204: Nothing, ...failing } } },
    async ({ params }, reply) => {
      await operations.removeFault(context, params.id)
      return reply.status(204).send(null)
    },
  )

  api.get(
    '/api/events',
    { schema: { tags: ['events'], summary: 'A page of the events in the cloud', querystring: EventQuery, response: answering(EventPage) } },
    ({ query }) => operations.listEvents(context, query),
  )
  api.post(
    '/api/hosts/:name/events',
    {
      bodyLimit: EVENTS_BYTES,
      schema: {
        tags: ['events'],
        summary: 'Send events from an FTD',
        params: Name,
        body: NewEvents,
        response: answering(z.object({ sent: z.number() })),
      },
    },
    ({ params, body }) => operations.sendEvents(context, params.name, body),
  )

  api.get('/api/clock', { schema: { tags: ['clock'], summary: 'Lab time', response: answering(ClockReport) } }, async () =>
    operations.clock(context),
  )
  api.put(
    '/api/clock',
    { schema: { tags: ['clock'], summary: 'Change speed, pause, run', body: ClockChange, response: answering(ClockReport) } },
    async ({ body }) => operations.changeClock(context, body),
  )
  api.post(
    '/api/clock/advance',
    { schema: { tags: ['clock'], summary: 'Let lab time pass at once', body: Advance, response: answering(ClockReport) } },
    ({ body }) => operations.advance(context, body.duration),
  )

  api.get(
    '/api/scenarios',
    { schema: { tags: ['scenarios'], summary: 'The catalogue', response: answering(z.array(ScenarioSummary)) } },
    () => operations.listScenarios(),
  )
  api.get(
    '/api/scenarios/:name',
    {
      schema: {
        tags: ['scenarios'],
        summary: 'One scenario, by id or codename; it tells the answer',
        params: Name,
        response: answering(z.looseObject({ id: z.string() })),
      },
    },
    async ({ params }) => ({ ...(await operations.getScenario(params.name)) }),
  )
}
