import type { DeviceEvent } from '../../../shared/contract/event.ts'

/** A key as FTD writes it: one word with a capital letter first, or one of those with blanks in them. (public P40) */
const KEY = /(?:[A-Z][A-Za-z0-9_]{0,63}|Prefilter Policy|Tunnel or Prefilter Rule|User Agent):(?: |$)/y
/** What is written back as it was read: no leading zeros, exact in a double. */
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,14})$/

/**
 * Reads `Key: value, Key: value …`. Values may hold commas, colons and quotes (URLs, messages, user agents): one ends only where `, Key: ` follows, with a key that has
 * not been there yet, and a value that begins with a quote only after its closing one. Values stay as they are written, quotes too; whole numbers become numbers.
 * Undefined when the text does not begin with a key. Takes time in proportion to the text's length.
 */
export function parseSyslogFields(text: string): DeviceEvent['fields'] | undefined {
  const body = text.trimEnd()
  const fields = new Map<string, string | number>()
  const lastClosingQuote = body.endsWith('"') ? body.length - 1 : body.lastIndexOf('", ')
  let key = keyAt(body, 0)
  if (key === undefined) return undefined
  for (;;) {
    const from = Math.min(key.end, body.length)
    const quoted = body[from] === '"' && from < lastClosingQuote
    const next = nextKey(body, quoted ? closingQuote(body, from) : from, key.name, fields)
    const value = body.slice(from, next?.comma ?? body.length)
    fields.set(key.name, WHOLE_NUMBER.test(value) ? Number(value) : value)
    if (next === undefined) return Object.fromEntries(fields)
    key = next.key
  }
}

interface Key {
  readonly name: string
  /** Where its value begins. */
  readonly end: number
}

function keyAt(text: string, at: number): Key | undefined {
  KEY.lastIndex = at
  const found = KEY.exec(text)
  if (found === null) return undefined
  return { name: found[0].slice(0, found[0].lastIndexOf(':')), end: KEY.lastIndex }
}

/** The first key from here on, and the comma before it. */
function nextKey(
  text: string,
  from: number,
  own: string,
  known: ReadonlyMap<string, unknown>,
): { readonly comma: number; readonly key: Key } | undefined {
  for (let comma = text.indexOf(', ', from); comma !== -1; comma = text.indexOf(', ', comma + 1)) {
    const key = keyAt(text, comma + 2)
    if (key !== undefined && key.name !== own && !known.has(key.name)) return { comma, key }
  }
  return undefined
}

/** Behind the quote that closes a value: the first one that a comma or the end follows. There must be one. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from + 1)
  while (at + 1 !== text.length && !text.startsWith(', ', at + 1)) at = text.indexOf('"', at + 1)
  return at + 1
}
