import { AUTHORITATIVE_ANSWER, decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet'
import type { Answer, DecodedPacket, RecordType } from 'dns-packet'

/** The largest answer over UDP; a longer one comes truncated and is asked for again over TCP. (public: RFC 1035) */
export const UDP_BYTES = 512

const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
export type Rcode = keyof typeof RCODES

/** A question for one name with recursion desired. */
export function encodeQuestion(id: number, name: string, type: RecordType): Buffer {
  return encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type, name }] })
}

/** A message from its bytes, or undefined when they are none. */
export function decodeMessage(data: Buffer): DecodedPacket | undefined {
  try {
    return decode(data)
  } catch {
    // dns-packet throws on anything that is not a DNS message; whoever sent it, it answers nothing.
    return undefined
  }
}

/** The response code of a message, e.g. `NXDOMAIN`; its number when it has no name here. */
export function rcodeOf(message: DecodedPacket): string {
  const number = (message.flags ?? 0) & 0x0f
  return Object.entries(RCODES).find(([, value]) => value === number)?.[0] ?? String(number)
}

export interface ResponseOptions {
  readonly rcode?: Rcode
  readonly answers?: readonly Answer[]
  readonly authoritative?: boolean
  /** `UDP_BYTES` over UDP: what is longer goes out without its answers and with the TC bit. Default: no limit. */
  readonly maxBytes?: number
}

/** The response to a question: same id, question and RD bit, recursion available. */
export function encodeResponse(question: DecodedPacket, options: ResponseOptions = {}): Buffer {
  const flags =
    RECURSION_AVAILABLE |
    ((question.flags ?? 0) & RECURSION_DESIRED) |
    (options.authoritative ? AUTHORITATIVE_ANSWER : 0) |
    RCODES[options.rcode ?? 'NOERROR']
  const shape = { type: 'response', id: question.id ?? 0, questions: question.questions ?? [] } as const
  const whole = encode({ ...shape, flags, answers: [...(options.answers ?? [])] })
  if (options.maxBytes === undefined || whole.length <= options.maxBytes) return whole
  return encode({ ...shape, flags: flags | TRUNCATED_RESPONSE, answers: [] })
}
