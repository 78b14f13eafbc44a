import type { ProcessRow, Program } from '../../kernel/processes.ts'

const TIME_NOW = { short: '0:00', long: '00:00:00' }
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * `ps`, `ps aux` and `ps -ef` as procps prints them. The lab knows no processor time and no memory of a process: those columns are 0.
 * (columns public: procps; zeros invented)
 */
export const ps: Program = async (world, invocation) => {
  const letters = invocation.argv.slice(1).join('').replaceAll('-', '')
  const rows = (await world.processes.list()).toSorted((a, b) => a.pid - b.pid)
  const started = (row: ProcessRow): string => startText(row.startedMs, world.clock.now())
  const print = (text: string): void => invocation.stdout.write(`${text}\n`)
  if (letters.includes('u')) {
    print('USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND')
    for (const row of rows)
      print(
        `${userText(row.user)} ${String(row.pid).padStart(5)}  0.0  0.0      0     0 ?        S    ${started(row)}   ${TIME_NOW.short} ${row.args.join(' ')}`,
      )
  } else if (letters.includes('f')) {
    print('UID        PID  PPID  C STIME TTY          TIME CMD')
    for (const row of rows)
      print(
        `${userText(row.user)} ${String(row.pid).padStart(5)} ${String(row.parentPid).padStart(5)}  0 ${started(row)} ?        ${TIME_NOW.long} ${row.args.join(' ')}`,
      )
  } else {
    print('  PID TTY          TIME CMD')
    const shown = /[eAax]/.test(letters)
      ? rows
      : rows.filter((row) => row.pid === world.processes.pid || row.user === invocation.env['USER'])
    for (const row of shown) print(`${String(row.pid).padStart(5)} ?        ${TIME_NOW.long} ${row.command}`)
  }
  return 0
}

function userText(user: string): string {
  return (user.length > 8 ? `${user.slice(0, 7)}+` : user).padEnd(8)
}

/** The time of day of what was started today, else the day. */
function startText(startedMs: number, nowMs: number): string {
  const started = new Date(startedMs)
  const sameDay = started.toISOString().slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10)
  return sameDay ? started.toISOString().slice(11, 16) : `${MONTHS[started.getUTCMonth()]}${String(started.getUTCDate()).padStart(2, '0')}`
}
