import { AUTHORITATIVE_ANSWER, encode, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet'
import type { Answer, DecodedPacket } from 'dns-packet'
import { RCODES, type Rcode } from '../../shared/wire/dns/message.ts'

/** The largest answer over UDP; a longer one comes truncated and is asked for again over TCP. (public: RFC 1035) */
export const UDP_BYTES = 512

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
