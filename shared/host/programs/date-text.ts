const DAY_MS = 86_400_000
const UNITS_MS: Readonly<Record<string, number>> = {
  second: 1_000,
  sec: 1_000,
  minute: 60_000,
  min: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
}
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/**
 * A date as people type it for `date -s` and `date -d`, in epoch milliseconds, or undefined when it is none of: `@SECONDS`; `2026-01-05 12:00:00` (seconds
 * or the whole time may be left out, `T` and `Z` may be there); `Mon Jan  5 12:00:00 UTC 2026` as `date` prints it; `5 JAN 2026 12:00:00`; `12:00:00`, of today;
 * `now`, `tomorrow`, `yesterday`; and `+2 years`, `400 days ago`, alone. Time zone UTC. (public: coreutils, of whose grammar this is a small part)
 */
export function parseDateText(text: string, nowMs: number): number | undefined {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, ' ')
  const seconds = /^@(-?\d+(?:\.\d+)?)$/.exec(words)
  if (seconds !== null) return Math.round(Number(seconds[1]) * 1_000)
  return relative(words, nowMs) ?? absolute(words, nowMs)
}

function relative(words: string, nowMs: number): number | undefined {
  if (words === 'now') return nowMs
  if (words === 'tomorrow') return nowMs + DAY_MS
  if (words === 'yesterday') return nowMs - DAY_MS
  const match = /^([+-]?) ?(\d+) (second|sec|minute|min|hour|day|week|month|year)s?( ago)?$/.exec(words)
  if (match === null) return undefined
  const [, sign, amount, unit, ago] = match
  const count = Number(amount) * (sign === '-' ? -1 : 1) * (ago === undefined ? 1 : -1)
  const fixedMs = UNITS_MS[unit!]
  if (fixedMs !== undefined) return nowMs + count * fixedMs
  const date = new Date(nowMs)
  date.setUTCMonth(date.getUTCMonth() + (unit === 'year' ? 12 * count : count))
  return date.getTime()
}

const TIME = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d+)?)?`
const ZONE = '(?: ?(?:utc|gmt|z))?'
const FORMS = [
  new RegExp(`^(?<year>\\d{4})-(?<month>\\d\\d?)-(?<day>\\d\\d?)(?:[t ]${TIME})?${ZONE}$`),
  new RegExp(`^(?:[a-z]{3},? )?(?<day>\\d\\d?) (?<name>[a-z]{3})[a-z]* (?<year>\\d{4})(?: ${TIME})?${ZONE}$`),
  new RegExp(`^(?:[a-z]{3} )?(?<name>[a-z]{3}) (?<day>\\d\\d?) ${TIME}${ZONE} (?<year>\\d{4})$`),
  new RegExp(`^${TIME}${ZONE}$`),
]

function absolute(words: string, nowMs: number): number | undefined {
  const groups = FORMS.map((form) => form.exec(words)?.groups).find((found) => found !== undefined)
  if (groups === undefined) return undefined
  const { year, month, name, day, hour = '0', minute = '0', second = '0' } = groups
  const today = new Date(nowMs)
  const monthIndex = name !== undefined ? MONTHS.indexOf(name) : month !== undefined ? Number(month) - 1 : today.getUTCMonth()
  const fields = [
    Number(year ?? today.getUTCFullYear()),
    monthIndex,
    Number(day ?? today.getUTCDate()),
    ...[hour, minute, second].map(Number),
  ] as const
  const date = new Date(Date.UTC(...(fields as [number, number, number, number, number, number])))
  // What does not come back as it was, such as the 31st of June, is no date.
  const back = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ]
  return back.join() === fields.join() ? date.getTime() : undefined
}
