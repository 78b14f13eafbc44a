import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { LabError, type LabErrorCode } from '../../../shared/kernel/errors.ts'
import type { Log } from '../../../shared/kernel/log.ts'

/** Our own failure, which no operator can do anything about. */
const BUG = 'LAB_BUG'

/** The body of every answer that is not a success. */
export const ErrorBody = z.object({
  error: z.object({ code: z.string(), message: z.string().describe('one sentence that says what would do') }),
})
export type ErrorBody = z.infer<typeof ErrorBody>

const STATUS: Readonly<Record<LabErrorCode, number>> = {
  LAB_BAD_INPUT: 400,
  LAB_UNAUTHORIZED: 401,
  LAB_NO_SUCH_HOST: 404,
  LAB_NO_SUCH_FAULT: 404,
  LAB_NO_SUCH_SCENARIO: 404,
  LAB_ALREADY_RUNNING: 409,
  LAB_PORT_IN_USE: 409,
  LAB_STATE_BROKEN: 500,
  LAB_NOT_EMULATED: 501,
  LAB_NOT_RUNNING: 503,
  LAB_TIMED_OUT: 504,
}

/** Answers an error that an operation threw. What is no LabError and no malformed request is a bug of ours, and goes to the log with its stack. */
export function answerError(log: Log) {
  return (error: FastifyError | LabError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof LabError) return reply.status(STATUS[error.code]).send(body(error.code, error.message))
    if (hasZodFastifySchemaValidationErrors(error)) {
      const problems = error.validation.map(({ instancePath, message }) => {
        const where = instancePath
          .split('/')
          .filter((part) => part !== '')
          .join('.')
        return where === '' ? message : `${where}: ${message}`
      })
      return reply.status(400).send(body('LAB_BAD_INPUT', problems.join('; ')))
    }
    const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
    if (status < 500) return reply.status(status).send(body('LAB_BAD_INPUT', error.message))
    log.error('an operation of the control API failed', { method: request.method, url: request.url, error: error.stack ?? error.message })
    return reply.status(500).send(body(BUG, `ftdlab failed: ${error.message}; its log has more`))
  }
}

/** Answers a path that there is none. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.status(404).send(body('LAB_BAD_INPUT', `there is no ${request.method} ${request.url}; /api/docs lists what there is`))
}

function body(code: LabErrorCode | typeof BUG, message: string): ErrorBody {
  return { error: { code, message } }
}
