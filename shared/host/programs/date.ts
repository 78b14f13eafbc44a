import type { Program } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'
import { ownUser } from '../pmtool.ts'
import { parseDateText } from './date-text.ts'
import { readFlags } from './flags.ts'

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

const DEFAULT_FORMAT = '%a %b %e %T %Z %Y'

/** A way of calling `date` that the lab does not know, or that is wrong; the message is coreutils'. */
class DateUsage extends Error {}

interface DateOptions {
  readonly format: string
  /** What to print instead of now (`-d`). */
  readonly shown?: string
  /** What to set the clock to (`-s`). */
  readonly set?: string
}

/**
 * `date [-u] [-d TEXT] [+FORMAT]` prints the host's time, time zone UTC; `date -s TEXT` sets the host's clock, as root, and prints it. See `parseDateText`
 * for what TEXT may be. (public: coreutils; `-R`, `-I`, `-r`, `-f` and the old `MMDDhhmm` form are not emulated)
 */
export const date: Program = async (world, invocation) => {
  const { clock } = world
  try {
    const { format, shown, set } = parseOptions(invocation.argv.slice(1))
    const nowMs = clock.now()
    const timeMs = parsed(set ?? shown ?? 'now', nowMs)
    let exitCode = 0
    if (set !== undefined && !(await setClock(world, timeMs))) {
      invocation.stderr.write('date: cannot set date: Operation not permitted\n')
      exitCode = 1
    }
    const time = new Date(timeMs)
    invocation.stdout.write(`${format.replace(/%([%a-zA-Z])/g, (whole, letter: string) => FORMATS[letter]?.(time) ?? whole)}\n`)
    return exitCode
  } catch (error) {
    if (!(error instanceof DateUsage)) throw error
    invocation.stderr.write(`date: ${error.message}\n`)
    return 1
  }
}

/** Whether this process may set the clock, which it then did. */
async function setClock(world: World, timeMs: number): Promise<boolean> {
  if ((await ownUser(world)) !== 'root') return false
  await world.clock.set(timeMs)
  return true
}

function parsed(text: string, nowMs: number): number {
  const timeMs = parseDateText(text, nowMs)
  if (timeMs === undefined) throw new DateUsage(`invalid date ‘${text}’`)
  return timeMs
}

function parseOptions(args: readonly string[]): DateOptions {
  const words = args.map((arg) => arg.replace(/^--(?:utc|universal)$/, '-u').replace(/^--(?=[ds])(?:date|set)=/, (long) => `-${long[2]}`))
  const flags = readFlags(words, 'u', 'ds')
  if ('needsValue' in flags) throw new DateUsage(`option requires an argument -- '${flags.needsValue}'`)
  const [operand = `+${DEFAULT_FORMAT}`, ...more] = 'unknown' in flags ? [`-${flags.unknown}`] : flags.rest
  if ('unknown' in flags || !operand.startsWith('+'))
    throw new DateUsage(`LAB_NOT_EMULATED: ${operand}; the lab knows -s, -d, -u and +FORMAT`)
  if (more.length > 0) throw new DateUsage(`extra operand ‘${more[0]}’`)
  const shown = flags.values.get('d')
  const set = flags.values.get('s')
  if (shown !== undefined && set !== undefined) throw new DateUsage('the options to specify dates for printing are mutually exclusive')
  return { format: operand.slice(1), ...(shown !== undefined && { shown }), ...(set !== undefined && { set }) }
}
