import Table from 'cli-table3'
import colours from 'picocolors'

/** Colours on a terminal only; `isTTY` is undefined elsewhere, and undefined would leave the choice to the environment. */
export const paint = colours.createColors(process.stdout.isTTY === true && colours.isColorSupported)

/** Writes one line to standard output. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** Writes one line to standard error. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Writes a table without rules, its columns as wide as they must be. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const none = Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((part) => [part, '']),
  )
  const table = new Table({
    head: head.map((title) => paint.bold(title)),
    chars: { ...none, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push(...rows.map((row) => [...row]))
  print(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  )
}

/** Writes a value as JSON for scripts. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2))
}

/** Lab time for people: `2026-01-05 08:00:00`, UTC as the appliances have it. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
