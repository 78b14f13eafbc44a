import {
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type DecodedPacket,
  type Packet,
  type Question,
} from 'dns-packet'
import { decodeMessage, RCODES } from '../../shared/wire/dns/message.ts'
import type { Reply } from './answer.ts'

/** What a UDP client takes that says nothing else (RFC 1035), and the most that is sent to one that says more. Bytes. */
const PLAIN_UDP_LIMIT = 512
const LARGEST_UDP_LIMIT = 1232

/** Says what to answer to a question of class IN. */
export type Answerer = (question: Question) => Reply

/**
 * The bytes that answer a query, or undefined when none are sent: a packet that is no DNS message, a response, or silence. Over UDP an
 * answer that is too long comes empty and marked as truncated; the client asks again over TCP.
 */
export function respond(bytes: Buffer, transport: 'udp' | 'tcp', answer: Answerer): Buffer | undefined {
  const query = decodeMessage(bytes)
  if (query === undefined || query.flag_qr) return undefined
  const response = responseTo(bytes, query, answer)
  if (response === undefined) return undefined
  const whole = encode(response)
  if (transport === 'tcp' || whole.length <= udpLimit(query)) return whole
  return encode({ ...response, flags: response.flags! | TRUNCATED_RESPONSE, answers: [] })
}

function responseTo(bytes: Buffer, query: DecodedPacket, answer: Answerer): Packet | undefined {
  const questions = query.questions ?? []
  const edns = query.additionals?.some((record) => record.type === 'OPT') === true
  const base: Packet = {
    type: 'response',
    id: query.id!,
    questions,
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: LARGEST_UDP_LIMIT,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  }
  const flags = RECURSION_AVAILABLE | (query.flag_rd ? RECURSION_DESIRED : 0)
  // The operation code is in bits 3 to 6 of the third byte; only 0, a plain query, is served.
  const operation = (bytes[2]! >> 3) & 15
  if (operation !== 0) return { ...base, flags: flags | RCODES.NOTIMP }
  const [question, ...more] = questions
  if (question === undefined || more.length > 0) return { ...base, flags: flags | RCODES.FORMERR }
  if (question.class !== 'IN') return { ...base, flags: flags | RCODES.REFUSED }
  const reply = answer(question)
  return reply === 'silence' ? undefined : { ...base, flags: flags | RCODES[reply.rcode], answers: [...reply.answers] }
}

function udpLimit(query: DecodedPacket): number {
  const opt = query.additionals?.find((record) => record.type === 'OPT')
  return opt === undefined ? PLAIN_UDP_LIMIT : Math.min(Math.max(opt.udpPayloadSize, PLAIN_UDP_LIMIT), LARGEST_UDP_LIMIT)
}
