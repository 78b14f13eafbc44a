/** What precedes the tag of a syslog line. */
export interface SyslogHeader {
  readonly timeMs?: number
  readonly host?: string
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const HIGHEST_PRIORITY = 191
const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/
const TIME_OF_DAY = /^(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?$/

/**
 * Reads `<PRI>`, timestamp and host, each of which may be missing. Timestamps are RFC 3164's (`Jul  7 14:22:33`, also with a year, as FTD writes it) or ISO 8601
 * (RFC 5424, and EMBLEM-like forms). Behind a relay there are several; the last is the device's own.
 */
export function parseSyslogHeader(text: string, receivedMs: number): SyslogHeader | { readonly reason: string } {
  const priority = /^\s*<(\d{1,5})>(?:1 )?/.exec(text)
  if (priority !== null && Number(priority[1]) > HIGHEST_PRIORITY)
    return { reason: `<${priority[1]}> is no syslog priority (0 to ${HIGHEST_PRIORITY})` }
  const words = text
    .slice(priority?.[0].length ?? 0)
    .split(/[ \t]+/)
    .filter((word) => word !== '')
  let timeMs: number | undefined
  let host: string | undefined
  for (let at = 0; at < words.length;) {
    const found = timestampAt(words, at, receivedMs)
    if (found === undefined) {
      // A host without any timestamp before it.
      if (at === 0 && isHost(words[0]!)) host = withoutColon(words[0]!)
      at++
      continue
    }
    if (Number.isNaN(found.timeMs)) return { reason: `there is no such time: ${words.slice(at, at + found.words).join(' ')}` }
    timeMs = found.timeMs
    at += found.words
    const next = words[at]
    if (next !== undefined && isHost(next) && timestampAt(words, at, receivedMs) === undefined) host = withoutColon(next)
  }
  return { ...(timeMs !== undefined && { timeMs }), ...(host !== undefined && { host }) }
}

/** A timestamp that begins at a word, and how many words it takes; its time is NaN when the calendar has no such one. */
function timestampAt(
  words: readonly string[],
  at: number,
  receivedMs: number,
): { readonly timeMs: number; readonly words: number } | undefined {
  const first = withoutColon(words[at]!)
  if (ISO.test(first)) return { timeMs: isoTime(first), words: 1 }
  const month = MONTHS.indexOf(first.toLowerCase())
  if (month === -1) return undefined
  const day = /^\d{1,2}$/.test(words[at + 1] ?? '') ? Number(words[at + 1]) : undefined
  if (day === undefined) return undefined
  const year = /^\d{4}$/.test(words[at + 2] ?? '') ? Number(words[at + 2]) : undefined
  const time = TIME_OF_DAY.exec(withoutColon(words[at + (year === undefined ? 2 : 3)] ?? ''))
  if (time === null) return undefined
  const [hour, minute, second] = time.slice(1).map(Number) as [number, number, number]
  const count = year === undefined ? 3 : 4
  const timeIn = (someYear: number) => exactTime(someYear, month, day, hour, minute, second)
  if (year !== undefined) return { timeMs: timeIn(year), words: count }
  // Without a year it is the last such day that is not in the future.
  const thisYear = new Date(receivedMs).getUTCFullYear()
  const inThisYear = timeIn(thisYear)
  return { timeMs: inThisYear > receivedMs + 86_400_000 ? timeIn(thisYear - 1) : inThisYear, words: count }
}

function isoTime(text: string): number {
  const [year, month, day, hour, minute, second] = ISO.exec(text)!.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (Number.isNaN(exactTime(year, month - 1, day, hour, minute, second))) return Number.NaN
  // A time without a zone is UTC, as FTD sends it unless told otherwise.
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
}

/** A UTC time, or NaN where `Date.UTC` would roll over into the next month or hour. */
function exactTime(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const ms = Date.UTC(year, month, day, hour, minute, second)
  const back = new Date(ms)
  return back.getUTCMonth() === month && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60 ? ms : Number.NaN
}

function isHost(word: string): boolean {
  return /^[A-Za-z0-9](?:[\w.-]{0,252})(?::[\da-fA-F:.]*)?$/.test(withoutColon(word))
}

function withoutColon(word: string): string {
  return word.endsWith(':') ? word.slice(0, -1) : word
}
