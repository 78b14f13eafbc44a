import type { IncomingMessage } from 'node:http'
import { tooLarge } from './errors.ts'

/** What a request body may hold; none that this cloud takes is near it. */
const BODY_LIMIT_BYTES = 1_048_576

/** Reads a request's body to its end. Rejects with a 413 when it is too large (the rest is read and dropped) and with the stream's error when it breaks off. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= BODY_LIMIT_BYTES) chunks.push(chunk)
  }
  if (length > BODY_LIMIT_BYTES) throw tooLarge(BODY_LIMIT_BYTES)
  return Buffer.concat(chunks)
}

/** The token of `Authorization: Bearer <token>`. */
export function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** The request's path and query, or undefined when it is neither. */
export function urlOf(request: IncomingMessage): URL | undefined {
  return URL.parse(`https://lab${request.url!.startsWith('/') ? request.url! : '/'}`) ?? undefined
}
