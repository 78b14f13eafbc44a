const WIDTH = 52
const LABEL_WIDTH = 26

/** A heading across the screen, e.g. `======================[ eth0 ]======================`. (seed A) */
export function heading(title: string, fill: '=' | '-'): string {
  const text = `[ ${title} ]`
  const left = Math.floor((WIDTH - text.length) / 2)
  return (fill.repeat(Math.max(0, left)) + text).padEnd(WIDTH, fill) + '\n'
}

/** `Label                     : value`; further values stand on lines of their own under the first. (seed A; several values: public) */
export function row(label: string, ...values: readonly string[]): string {
  const [first = '', ...more] = values
  return `${label.padEnd(LABEL_WIDTH)}: ${first}\n` + more.map((value) => `${' '.repeat(LABEL_WIDTH + 2)}${value}\n`).join('')
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A time as `sftunnel-status-brief` prints it, e.g. `Wed Jun 10 14:27:12 2020 UTC`. (public P17) */
export function timeText(epochMs: number): string {
  const time = new Date(epochMs)
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(':')
  return `${DAYS[time.getUTCDay()]} ${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)} ${clock} ${time.getUTCFullYear()} UTC`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
