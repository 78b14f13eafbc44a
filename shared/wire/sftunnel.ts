import { StringDecoder } from 'node:string_decoder'
import type { Duplex } from 'node:stream'
import type { z } from 'zod'
import type { FromDevice, ToDevice } from '../contract/sftunnel.ts'

/** A line longer than this ends the channel: nothing on it is ever so long, and a peer must not fill our memory. */
const MAX_LINE_CHARACTERS = 1_048_576

/** One end of the management channel. */
export interface LineChannel {
  /** Queues one message; ignored when the channel has already ended (the end is told by `closed`). */
  send(message: FromDevice | ToDevice): void
  /** Ends the channel in good order: what was sent before still arrives. */
  close(): void
  /**
   * Settles once, when the connection is gone: with the reason (`ECONNRESET …`, `malformed message: …`), or with undefined after an end in good
   * order by either side. Never rejects.
   */
  readonly closed: Promise<Error | undefined>
}

/**
 * Puts the management channel's framing (one JSON object a line, both ways) on a connection that is already open and, as a rule, encrypted.
 * `schema` is what the other side may send: `ToDevice` on a device, `FromDevice` on the FMC. `onMessage` is called in order, once a message. A line that is
 * not JSON, does not fit the schema, or never ends destroys the connection with an error that names what was wrong. (Frames invented; see contract/sftunnel.ts.)
 */
export function lineChannel<In>(conn: Duplex, schema: z.ZodType<In>, onMessage: (message: In) => void): LineChannel {
  const decoder = new StringDecoder('utf8')
  let pending = ''
  let failure: Error | undefined
  const closed = new Promise<Error | undefined>((resolve) => {
    conn.on('error', (error) => {
      failure ??= error
    })
    conn.on('close', () => resolve(failure))
  })
  conn.on('data', (chunk: Buffer) => {
    const lines = (pending + decoder.write(chunk)).split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) {
      // A handler may have ended the channel in the middle of a chunk.
      if (conn.destroyed) return
      const message = parseLine(line, schema)
      if (message instanceof Error) {
        conn.destroy(message)
        return
      }
      onMessage(message.value)
    }
    if (pending.length > MAX_LINE_CHARACTERS)
      conn.destroy(new Error(`malformed message: a line of more than ${MAX_LINE_CHARACTERS} characters`))
  })
  // The other side said goodbye: answer in kind, so that half-open connections do not pile up.
  conn.on('end', () => conn.end())
  return {
    send(message) {
      if (conn.writable) conn.write(JSON.stringify(message) + '\n')
    },
    close() {
      conn.end()
    },
    closed,
  }
}

function parseLine<In>(line: string, schema: z.ZodType<In>): { readonly value: In } | Error {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return new Error(`malformed message: not JSON: ${line.slice(0, 80)}`)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data }
  const issue = parsed.error.issues[0]
  return new Error(`malformed message: ${issue?.path.join('.') || 'object'}: ${issue?.message ?? 'unknown'}`)
}
