import { readFileSync } from 'node:fs'
import { AssertionError } from 'node:assert'

/**
 * What stands for a placeholder `<kind>` in an expected transcript: things that the documents anonymise or that are the lab's own. `<kind:label>` is the
 * same, and one label always stands for one value, so that two lines cannot contradict each other unnoticed.
 */
const KINDS: Readonly<Record<string, string>> = {
  address: String.raw`\d{1,3}(?:\.\d{1,3}){3}`,
  /** As curl prints a certificate's dates. */
  date: String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT`,
  'http-date': String.raw`\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT`,
  /** As logrus prints the time. */
  time: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)`,
  /** As syslog prints the time. */
  stamp: String.raw`\w{3} [ \d]\d \d\d:\d\d:\d\d`,
  /** A reverse name in the style of the seeds. */
  reverse: String.raw`ec2-\d{1,3}(?:-\d{1,3}){3}\.compute-1\.amazonaws\.com`,
  mac: String.raw`[0-9A-F]{2}(?::[0-9A-F]{2}){5}`,
  uuid: String.raw`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
  pid: String.raw`\d+`,
  port: String.raw`\d+`,
  fd: String.raw`\d+`,
  inode: String.raw`\d+`,
  number: String.raw`\d+`,
  ms: String.raw`\d+(?:\.\d+)?`,
}

/** What stood for each label. */
export type Captured = Record<string, string>

/** Reads `test/sim/transcripts/NAME.txt` without its comments: the lines that begin with `##`, which say where a transcript comes from. */
export function transcript(name: string): string {
  const text = readFileSync(new URL(`../sim/transcripts/${name}.txt`, import.meta.url), 'utf8')
  return text.replace(/^##.*\n/gm, '')
}

/**
 * Compares what was printed with an expected transcript, line for line; blanks at the ends of lines do not count. Blanks behind a placeholder, and two
 * or more before it, are as many as the column needs. Throws an AssertionError that shows a diff, else gives what stood for the labels.
 */
export function expectTranscript(printed: string, expected: string): Captured {
  const captured: Captured = {}
  const [want, have] = [linesOf(expected), linesOf(printed)]
  const isSame = want.length === have.length && want.every((line, index) => capture(line, have[index]!, captured))
  if (isSame) return captured
  throw new AssertionError({ message: `the transcript differs (- expected, + printed):\n${diff(want, have).join('\n')}` })
}

function linesOf(text: string): string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
}

/** Whether a printed line is the expected one; notes what its labels stand for. */
function capture(expected: string, printed: string, captured: Captured): boolean {
  const labels: string[] = []
  const pattern = expected.split(/((?: {2,})?<[a-z-]+(?::[\w-]+)?> *)/).map((part) => {
    const placeholder = /^( *)<([a-z-]+)(?::([\w-]+))?>( *)$/.exec(part)
    const kind = placeholder === null ? undefined : KINDS[placeholder[2]!]
    if (placeholder === null || kind === undefined) return escape(part)
    const [, before, , label, behind] = placeholder
    return blanks(before!) + valueOf(kind, label, labels, captured) + blanks(behind!)
  })
  const match = new RegExp(`^${pattern.join('')}$`).exec(printed)
  if (match === null) return false
  for (const [index, label] of labels.entries()) captured[label] = match[index + 1]!
  return true
}

function valueOf(kind: string, label: string | undefined, labels: string[], captured: Captured): string {
  if (label === undefined) return `(?:${kind})`
  const known = captured[label]
  if (known !== undefined) return escape(known)
  const group = labels.indexOf(label)
  if (group >= 0) return `\\${group + 1}`
  labels.push(label)
  return `(${kind})`
}

function blanks(run: string): string {
  return run === '' ? '' : ' +'
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** The shortest way from the expected to the printed lines. */
function diff(want: readonly string[], have: readonly string[]): string[] {
  const fits = (i: number, j: number) => capture(want[i]!, have[j]!, {})
  const common = Array.from({ length: want.length + 1 }, () => Array.from({ length: have.length + 1 }, () => 0))
  for (let i = want.length - 1; i >= 0; i--)
    for (let j = have.length - 1; j >= 0; j--)
      common[i]![j] = fits(i, j) ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < want.length || j < have.length) {
    if (i < want.length && j < have.length && fits(i, j)) {
      lines.push(`  ${have[j]}`)
      i++
      j++
    } else if (j >= have.length || (i < want.length && common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(`- ${want[i++]}`)
    else lines.push(`+ ${have[j++]}`)
  }
  return lines.some((line) => !line.startsWith(' ')) ? lines : [...lines, 'every line fits alone: a label stands for two values']
}
