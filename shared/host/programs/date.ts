import type { Program } from '../../kernel/processes.ts'

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

const two = (value: number): string => String(value).padStart(2, '0')

const FORMATS: Readonly<Record<string, (time: Date) => string>> = {
  '%': () => '%',
  a: (time) => DAYS[time.getUTCDay()]!.slice(0, 3),
  A: (time) => DAYS[time.getUTCDay()]!,
  b: (time) => MONTHS[time.getUTCMonth()]!.slice(0, 3),
  B: (time) => MONTHS[time.getUTCMonth()]!,
  d: (time) => two(time.getUTCDate()),
  e: (time) => String(time.getUTCDate()).padStart(2),
  F: (time) => time.toISOString().slice(0, 10),
  H: (time) => two(time.getUTCHours()),
  m: (time) => two(time.getUTCMonth() + 1),
  M: (time) => two(time.getUTCMinutes()),
  n: () => '\n',
  N: (time) => `${String(time.getUTCMilliseconds()).padStart(3, '0')}000000`,
  R: (time) => time.toISOString().slice(11, 16),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  S: (time) => two(time.getUTCSeconds()),
  T: (time) => time.toISOString().slice(11, 19),
  y: (time) => two(time.getUTCFullYear() % 100),
  Y: (time) => String(time.getUTCFullYear()),
  z: () => '+0000',
  Z: () => 'UTC',
}

const DEFAULT_FORMAT = '+%a %b %e %T %Z %Y'

/** `date [-u] [+FORMAT]`: lab time, time zone UTC, as coreutils prints it. (public: coreutils) */
export const date: Program = async (world, invocation) => {
  const args = invocation.argv.slice(1).filter((arg) => arg !== '-u' && arg !== '--utc')
  const format = args[0] ?? DEFAULT_FORMAT
  if (!format.startsWith('+')) {
    invocation.stderr.write(`date: LAB_NOT_EMULATED: ${format}; lab time is set with ftdlab clock\n`)
    return 1
  }
  const now = new Date(world.clock.now())
  invocation.stdout.write(`${format.slice(1).replace(/%([%a-zA-Z])/g, (whole, letter: string) => FORMATS[letter]?.(now) ?? whole)}\n`)
  return 0
}
