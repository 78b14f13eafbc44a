import { LineCounter, parseDocument } from 'yaml'
import { LabError } from '../kernel/errors.ts'
import { Scenario } from './schema.ts'

/** Deep enough for any scenario; YAML is hostile until parsed. */
const MAX_ALIASES = 20
const MAX_BYTES = 256 * 1024

/**
 * Parses one scenario file. Throws LAB_BAD_INPUT that names file, line, column and what would do.
 * @param file how to name the file in errors
 */
export function parseScenario(text: string, file: string): Scenario {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new LabError('LAB_BAD_INPUT', `${file} is larger than ${MAX_BYTES} bytes: not a scenario`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    throw new LabError('LAB_BAD_INPUT', `${file}:${line}:${col}: ${broken.message}`)
  }
  const parsed = Scenario.safeParse(document.toJS({ maxAliasCount: MAX_ALIASES }))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    // The deepest node that exists on the way to the problem says where it is.
    let path = issue.path as (string | number)[]
    let node = document.getIn(path, true)
    while (node === undefined && path.length > 0) {
      path = path.slice(0, -1)
      node = document.getIn(path, true)
    }
    const range = (node as { range?: [number, number, number] } | undefined)?.range
    const { line, col } = lines.linePos(range?.[0] ?? 0)
    return `${file}:${line}:${col}: ${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`
  })
  throw new LabError('LAB_BAD_INPUT', problems.join('\n'))
}
