import { decode, encode, RECURSION_DESIRED } from 'dns-packet'
import type { DecodedPacket, RecordType } from 'dns-packet'

/** Response codes by name. (public: RFC 1035) */
export const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
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
