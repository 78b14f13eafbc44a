import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { listen, type DoorPort, type Listening } from '../doors/listen.ts'
import type { ApiContext } from './context.ts'
import { answerError, answerNotFound } from './errors.ts'
import { guard } from './guard.ts'
import { addRoutes } from './routes.ts'

/** Builds the control API without listening. `consolePort` is asked once it listens. */
export async function buildApi(context: ApiContext, consolePort: () => number): Promise<FastifyInstance> {
  const app = Fastify({ logger: false })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(answerError(context.log))
  app.setNotFoundHandler(answerNotFound)
  guard(app, context.token)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ftdlab',
        description: 'The control API of a running lab. Reading is free on loopback; changing needs the token in lab.json.',
        version: '1',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  })
  await app.register(swaggerUi, { routePrefix: '/api/docs' })
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  addRoutes(app, context, consolePort)
  await app.ready()
  return app
}

/** Serves the control API on loopback until disposed. Throws LAB_PORT_IN_USE. */
export async function openApi(context: ApiContext, door: DoorPort): Promise<Listening> {
  let port = door.port
  const app = await buildApi(context, () => port)
  let listening: Listening
  try {
    listening = await listen(app.server, door)
  } catch (error) {
    await app.close()
    throw error
  }
  port = listening.port
  return {
    port,
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]()
      await app.close()
    },
  }
}
