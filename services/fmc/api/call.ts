import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { schemaMismatch, unprocessable } from './errors.ts'

/** One request as the operations see it. */
export interface Call {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** `https://host[:port]` as the client addressed us: links must lead back the same way (public clients follow them verbatim). */
  readonly origin: string
  readonly params: Readonly<Record<string, string>>
  query(name: string): string | undefined
  header(name: string): string | undefined
  /** The body as JSON that fits the schema. Throws 422 when it is no JSON, 400 when it does not fit. */
  body<T>(schema: z.ZodType<T>): T
}

/** What an operation answers; 200 unless it says otherwise, no body when there is none. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Makes a Call of Fastify's request. `address` stands in for a missing Host header. */
export function callOf(request: FastifyRequest, address: string): Call {
  const query = request.query as Record<string, string | string[] | undefined>
  return {
    method: request.method,
    path: pathOf(request.url),
    origin: `https://${request.headers.host ?? address}`,
    params: request.params as Record<string, string>,
    query: (name) => first(query[name]),
    header: (name) => first(request.headers[name.toLowerCase()]),
    body(schema) {
      const parsed = schema.safeParse(parseJson(request.body))
      if (!parsed.success) throw schemaMismatch(parsed.error)
      return parsed.data
    },
  }
}

/** The path of a request target. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0]!
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function parseJson(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw unprocessable()
  }
}
