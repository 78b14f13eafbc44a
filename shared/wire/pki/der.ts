/**
 * The few DER types that a certificate is made of. Written by hand because every library signs through WebCrypto, whose work runs on the
 * thread pool: virtual time cannot wait for that.
 */

const UNIVERSAL = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
} as const
const CONSTRUCTED = 0x20
const CONTEXT = 0x80

/** One element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length: number[] = []
  for (let rest = body.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff)
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), body])
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => element(0x10 | CONSTRUCTED, ...items)
export const set = (...items: readonly Uint8Array[]): Buffer => element(0x11 | CONSTRUCTED, ...items)
export const nothing = (): Buffer => element(UNIVERSAL.null)
export const octets = (content: Uint8Array): Buffer => element(UNIVERSAL.octetString, content)
export const utf8 = (text: string): Buffer => element(UNIVERSAL.utf8, Buffer.from(text, 'utf8'))
export const printable = (text: string): Buffer => element(UNIVERSAL.printable, Buffer.from(text, 'latin1'))
/** A context tag around whole elements: `[n] EXPLICIT`. */
export const explicit = (tag: number, ...items: readonly Uint8Array[]): Buffer => element(CONTEXT | CONSTRUCTED | tag, ...items)
/** A context tag in place of a primitive element's own: `[n] IMPLICIT`. */
export const implicit = (tag: number, content: Uint8Array): Buffer => element(CONTEXT | tag, content)
export const truth = (): Buffer => element(UNIVERSAL.boolean, Buffer.from([0xff]))
export const bits = (content: Uint8Array, unusedBits = 0): Buffer => element(UNIVERSAL.bitString, Buffer.from([unusedBits]), content)

/** A non-negative integer, from its big-endian bytes. */
export function integer(bigEndian: Uint8Array): Buffer {
  let start = 0
  while (start < bigEndian.length - 1 && bigEndian[start] === 0) start++
  const magnitude = bigEndian.subarray(start)
  return (magnitude[0] ?? 0) & 0x80 ? element(UNIVERSAL.integer, Buffer.from([0]), magnitude) : element(UNIVERSAL.integer, magnitude)
}

/** An object identifier from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first, second, ...arcs] = dotted.split('.').map(Number)
  const content: number[] = []
  for (const arc of [first! * 40 + second!, ...arcs]) {
    const groups = [arc & 0x7f]
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest & 0x7f) | 0x80)
    content.push(...groups)
  }
  return element(UNIVERSAL.oid, Buffer.from(content))
}

/** A moment: UTCTime until 2049 and GeneralizedTime from then on, as RFC 5280 wants it. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/[-:T]|\.\d+Z$/g, '')
  return Number(digits.slice(0, 4)) < 2050 ? element(0x17, Buffer.from(`${digits.slice(2)}Z`)) : element(0x18, Buffer.from(`${digits}Z`))
}
