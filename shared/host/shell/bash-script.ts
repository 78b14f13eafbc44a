import type { PipelineNode, ScriptNode, SimpleCommandNode } from 'just-bash'

/** A part of a script that is run by itself, and what the status of the part before must be for it to be run at all. */
export interface Piece {
  readonly script: ScriptNode
  readonly when: 'always' | 'after success' | 'after failure'
  /** Nothing is redirected, piped or substituted in it: what its commands print goes to the terminal while they run. */
  readonly straight: boolean
  /** Set when the piece is `exit` or `logout`: the words after it. */
  readonly exit?: readonly string[]
}

/** Commands whose effect is lost when the next command runs in another interpreter: definitions and shell options. */
const STICKY = new Set([
  'alias',
  'unalias',
  'source',
  '.',
  'set',
  'shopt',
  'declare',
  'typeset',
  'readonly',
  'local',
  'exec',
  'eval',
  'trap',
])
const REDIRECTS = new Set(['Redirection', 'CommandSubstitution', 'ProcessSubstitution', 'HereDoc', 'Subshell'])

/**
 * Cuts a script at `;`, `&&` and `||`, so that each command's output appears when that command has run. Scripts that define functions, aliases, arrays or
 * options are left whole.
 */
export function piecesOf(script: ScriptNode): readonly Piece[] {
  if (contains(script, isSticky)) return [{ script, when: 'always', straight: isStraight(script) }]
  return script.statements.flatMap((statement) =>
    statement.pipelines.map((pipeline, index): Piece => {
      const operator = statement.operators[index - 1]
      const alone: ScriptNode = { type: 'Script', statements: [{ ...statement, pipelines: [pipeline], operators: [] }] }
      const exit = exitWords(pipeline)
      return {
        script: alone,
        when: operator === undefined ? 'always' : operator === '&&' ? 'after success' : 'after failure',
        straight: isStraight(alone),
        ...(exit && { exit }),
      }
    }),
  )
}

function exitWords(pipeline: PipelineNode): readonly string[] | undefined {
  const [command] = pipeline.commands
  if (pipeline.commands.length !== 1 || command?.type !== 'SimpleCommand') return undefined
  const name = literal(command.name)
  if (name !== 'exit' && name !== 'logout') return undefined
  return command.args.map((word) => literal(word) ?? '')
}

function literal(word: SimpleCommandNode['name']): string | undefined {
  const [part] = word?.parts ?? []
  return word?.parts.length === 1 && part?.type === 'Literal' ? part.value : undefined
}

function isSticky(node: Node): boolean {
  if (node.type === 'FunctionDef') return true
  if (node.type !== 'SimpleCommand') return false
  const command = node as unknown as SimpleCommandNode
  return (
    STICKY.has(literal(command.name) ?? '') ||
    command.assignments.some((assignment) => assignment.array !== null && assignment.array !== undefined)
  )
}

function isStraight(script: ScriptNode): boolean {
  return !contains(
    script,
    (node) => REDIRECTS.has(node.type) || (node.type === 'Pipeline' && (node as unknown as PipelineNode).commands.length > 1),
  )
}

type Node = { readonly type: string }

function contains(value: unknown, test: (node: Node) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some((item) => contains(item, test))
  if (typeof (value as Partial<Node>).type === 'string' && test(value as Node)) return true
  return Object.values(value).some((item) => contains(item, test))
}
