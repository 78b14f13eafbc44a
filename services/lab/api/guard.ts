import type { FastifyInstance } from 'fastify'
import { isSameSecret } from '../../../shared/host/same-secret.ts'
import { LabError } from '../../../shared/kernel/errors.ts'

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Changes nothing although its method is not GET: needs no token. */
    readonly onlyReads?: boolean
  }
}

/**
 * Reading is free on loopback, changing needs the token. A Host header that is no loopback name is a web page somewhere that had its own name point here
 * (DNS rebinding): it gets nothing.
 */
export function guard(app: FastifyInstance, token: string): void {
  app.addHook('onRequest', async (request) => {
    const host = request.headers.host ?? ''
    const name = host.replace(/:\d+$/, '').toLowerCase()
    if (!LOOPBACK_NAMES.includes(name)) {
      throw new LabError('LAB_UNAUTHORIZED', `the lab answers on ${LOOPBACK_NAMES.join(', ')} only, not as ${JSON.stringify(host)}`)
    }
    if (request.method === 'GET' || request.method === 'HEAD' || request.is404 || request.routeOptions.config.onlyReads === true) return
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined || !isSameSecret(given, token)) {
      throw new LabError(
        'LAB_UNAUTHORIZED',
        'changing the lab needs `Authorization: Bearer <token>` with the token in lab.json of its state folder',
      )
    }
  })
}
