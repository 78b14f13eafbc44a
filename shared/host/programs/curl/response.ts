import type { ByteSource } from './byte-source.ts'

/** How the end of a body is told. `none`: there is no body. */
export type BodyKind = { readonly kind: 'none' | 'chunked' | 'until-close' } | { readonly kind: 'length'; readonly bytes: number }

export interface ResponseHead {
  readonly version: string
  readonly status: number
  readonly reason: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Reads an answer from a connection piece by piece, keeping what was read too far. */
export class ResponseReader {
  readonly #source: ByteSource
  readonly #signal: AbortSignal
  #buffered: Buffer = Buffer.alloc(0)

  constructor(source: ByteSource, signal: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  /** A header line without its line end, or undefined when the connection ended before one was whole. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffered.indexOf(0x0a)
      if (end >= 0) {
        const line = this.#buffered.subarray(0, end).toString('latin1').replace(/\r$/, '')
        this.#buffered = this.#buffered.subarray(end + 1)
        return line
      }
      if (!(await this.#more())) return undefined
    }
  }

  /** Whether what comes is an HTTP answer at all; curl takes anything else for the body of HTTP/0.9. */
  async looksLikeHttp(): Promise<boolean | undefined> {
    while (this.#buffered.length < 5) if (!(await this.#more())) return this.#buffered.length === 0 ? undefined : false
    return this.#buffered.subarray(0, 5).toString('latin1') === 'HTTP/'
  }

  /** Up to `most` bytes, at least one; undefined at the end of the connection. */
  async bytes(most: number): Promise<Buffer | undefined> {
    if (this.#buffered.length === 0 && !(await this.#more())) return undefined
    const bytes = this.#buffered.subarray(0, most)
    this.#buffered = this.#buffered.subarray(bytes.length)
    return bytes
  }

  async #more(): Promise<boolean> {
    const bytes = await this.#source.next(this.#signal)
    if (bytes === undefined) return false
    this.#buffered = this.#buffered.length === 0 ? bytes : Buffer.concat([this.#buffered, bytes])
    return true
  }
}

/** A status line taken apart, e.g. `HTTP/1.1 403 Forbidden`; undefined when it is none. */
export function parseStatusLine(line: string): { version: string; status: number; reason: string } | undefined {
  const match = /^HTTP\/(\d\.\d) +(\d{3})(?: (.*))?$/.exec(line)
  return match === null ? undefined : { version: match[1]!, status: Number(match[2]), reason: match[3] ?? '' }
}

/** The values of a header, by name in any case. */
export function headerValues(head: Pick<ResponseHead, 'headers'>, name: string): readonly string[] {
  return head.headers.filter(([known]) => known.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

/** How an answer's body ends. (public: RFC 7230 3.3.3) */
export function bodyKind(method: string, head: ResponseHead): BodyKind {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return { kind: 'none' }
  if (/chunked/i.test(headerValues(head, 'transfer-encoding').join())) return { kind: 'chunked' }
  const length = headerValues(head, 'content-length')[0]
  if (length !== undefined && /^\d+$/.test(length)) return { kind: 'length', bytes: Number(length) }
  return { kind: 'until-close' }
}

/** Whether the server keeps the connection after this answer. */
export function keepsAlive(head: ResponseHead): boolean {
  const connection = [...headerValues(head, 'connection'), ...headerValues(head, 'proxy-connection')].join().toLowerCase()
  return head.version === '1.0' ? connection.includes('keep-alive') : !connection.includes('close')
}
