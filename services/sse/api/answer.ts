import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Clock } from '../../../shared/kernel/clock.ts'
import type { HeaderVariant } from '../config.ts'
import { FORBIDDEN_BODY, forbiddenEtag, headersOf } from '../headers.ts'
import { ApiError } from './errors.ts'

/** Writes answers with the recorded headers. */
export interface Answers {
  /** The documented `403 Forbidden`: a static page. (seeds A, B, C) */
  forbidden(response: ServerResponse): void
  json(response: ServerResponse, status: number, body: unknown): void
  /** 202 and 204 and the like: no body. */
  empty(response: ServerResponse, status: number): void
  error(response: ServerResponse, error: ApiError): void
  /** What the front says in the place of a service: from 500 on a load balancer's page, below a refusal. (invented) */
  outage(response: ServerResponse, status: number, retryAfterSeconds: number | undefined): void
}

export function createAnswers(clock: Clock, variant: HeaderVariant): Answers {
  const etag = forbiddenEtag(variant)

  function send(
    response: ServerResponse,
    status: number,
    contentType: string,
    body: string,
    more: { etag?: string; extra?: readonly string[] },
  ): void {
    const headers = headersOf({
      variant,
      now: clock.now(),
      contentType,
      contentLength: Buffer.byteLength(body),
      keepAlive: response.shouldKeepAlive,
      ...more,
    })
    // A flat list keeps order and spelling; an object or setHeader would let Node add its own.
    response.writeHead(status, headers)
    response.end(body)
  }

  const JSON_TYPE = 'application/json; charset=utf-8'
  const error = (response: ServerResponse, { status, code, message, headers }: ApiError) =>
    send(response, status, JSON_TYPE, JSON.stringify({ error: code, error_description: message }), { extra: headers })
  return {
    forbidden: (response) => send(response, 403, 'text/plain; charset=utf-8', FORBIDDEN_BODY, { etag }),
    json: (response, status, body) => send(response, status, JSON_TYPE, JSON.stringify(body), {}),
    empty: (response, status) => send(response, status, JSON_TYPE, '', {}),
    error,
    outage(response, status, retryAfterSeconds) {
      const phrase = STATUS_CODES[status] ?? 'Error'
      const extra = retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)]
      if (status >= 500) send(response, status, 'text/html', errorPage(`${status} ${phrase}`), { extra })
      else error(response, new ApiError(status, phrase.toLowerCase().replaceAll(/\W+/g, '_'), phrase, extra))
    },
  }
}

function errorPage(title: string): string {
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`
}
