import type { World } from '../kernel/world.ts'

/** The levels of logrus. (public P51) */
export type LogrusLevel = 'panic' | 'fatal' | 'error' | 'warning' | 'info' | 'debug' | 'trace'

/** A log file of the appliance. Lines are written in the order of the calls. */
export interface ApplianceLog<Args extends readonly unknown[]> {
  /** Queues one line. A line that cannot be written (disk full) is lost, as on the appliance, and noted in the lab's log. */
  write(...args: Args): void
  /** Resolves when everything written so far is in the file. */
  flushed(): Promise<void>
}

/**
 * One line of logrus' text formatter, without the newline: `time="…" level=error msg="…"`. `epochMs` is lab time, `nanoseconds` the part of the
 * time below the millisecond (0 … 999999). (seed A, B; quoting public P51)
 */
export function logrusLine(epochMs: number, nanoseconds: number, level: LogrusLevel, message: string): string {
  return `time="${rfc3339Nano(epochMs, nanoseconds)}" level=${level} msg=${logrusValue(message)}`
}

/**
 * RFC 3339 with nanoseconds, trailing zeros trimmed, and a numeric offset; the lab's appliances live in UTC, so the offset is always `+00:00`.
 * (form: seed A)
 */
export function rfc3339Nano(epochMs: number, nanoseconds: number): string {
  const iso = new Date(epochMs).toISOString()
  const fraction = `${iso.slice(20, 23)}${String(nanoseconds).padStart(6, '0')}`.replace(/0+$/, '')
  return `${iso.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}+00:00`
}

/** A value as logrus prints it: bare when it has only letters, digits and `-._/@^+`, else quoted as Go's `%q` does. (public P51) */
export function logrusValue(text: string): string {
  return /^[A-Za-z0-9\-._/@^+]+$/.test(text) ? text : goQuote(text)
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
}

/** A string as Go's `%q` writes it. (public) */
export function goQuote(text: string): string {
  // Control characters are what must be escaped here.
  // eslint-disable-next-line no-control-regex
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    return GO_ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${escaped}"`
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** A line as syslog writes it, without the newline: `Mar 10 20:42:37 papaya ActionQueueScrape.pl[10018]: …`. (public P37) */
export function syslogLine(epochMs: number, hostname: string, program: string, pid: number, message: string): string {
  const at = new Date(epochMs)
  const day = String(at.getUTCDate()).padStart(2, ' ')
  const host = hostname.split('.')[0]
  return `${MONTHS[at.getUTCMonth()]} ${day} ${at.toISOString().slice(11, 19)} ${host} ${program}[${pid}]: ${message}`
}

/** Opens a log in logrus' format, as the connector writes it. The digits below the millisecond come from the World's dice, and never run backwards. */
export function openLogrus(world: World, path: string): ApplianceLog<[level: LogrusLevel, message: string]> {
  const dice = world.random.stream('logrus')
  const log = openLog(world, path)
  let last = { at: -1, nanoseconds: 0 }
  return {
    write(level, message) {
      const at = world.clock.now()
      const nanoseconds = at === last.at ? Math.min(999_999, last.nanoseconds + dice.int(1_000, 30_000)) : dice.int(0, 499_999)
      last = { at, nanoseconds }
      log.write(logrusLine(at, nanoseconds, level, message))
    },
    flushed: () => log.flushed(),
  }
}

/** Opens a log in syslog's format. `program` and the World's pid name the writer. `hostname` is asked for at each line, since it may change. */
export function openSyslog(world: World, path: string, program: string, hostname: () => Promise<string>): ApplianceLog<[message: string]> {
  const log = openLog(world, path)
  return {
    write(message) {
      const at = world.clock.now()
      log.write(hostname().then((name) => syslogLine(at, name, program, world.processes.pid, message)))
    },
    flushed: () => log.flushed(),
  }
}

function openLog(world: World, path: string): { write(line: string | Promise<string>): void; flushed(): Promise<void> } {
  let tail: Promise<void> = Promise.resolve()
  return {
    write(line) {
      tail = tail
        .then(async () => world.files.append(path, `${await line}\n`))
        .catch((error: unknown) => world.log.warn('a line of an appliance log is lost', { path, error: String(error) }))
    },
    flushed: () => tail,
  }
}
