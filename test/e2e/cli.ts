import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
const NODE = join(ROOT, 'node_modules/.bin/node')
const ENTRY = join(ROOT, 'bin/ftdlab.js')

/** How a command ended and what it printed. */
export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
  /** Resolves with all of standard output once it has this; rejects when the command ends before. */
  printed(text: string | RegExp): Promise<string>
}

/** A folder of its own for a lab, in which the real command line is run as a user does. Disposing ends the lab, if there is one, and removes the folder. */
export interface Desk extends AsyncDisposable {
  /** The current folder of the commands; the state folder is `.ftdlab` in it. */
  readonly folder: string
  /** `input` is piped in; without it the standard input is empty. */
  start(words: readonly string[], options?: { readonly env?: Readonly<Record<string, string>>; readonly input?: string }): Running
  run(...words: string[]): Promise<Ran>
}

/** Makes a desk. */
export function desk(): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'ftdlab-e2e-'))
  const children = new Set<ChildProcess>()
  const { FTDLAB_HOME: _home, FORCE_COLOR: _color, ...inherited } = process.env
  const start: Desk['start'] = (words, options = {}) => {
    const child = spawn(NODE, [ENTRY, ...words], { cwd: folder, env: { ...inherited, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] })
    children.add(child)
    child.stdin.end(options.input ?? '')
    let stdout = ''
    let stderr = ''
    let heard: (() => void) | undefined
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      heard?.()
    })
    child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
    const ended = new Promise<Ran>((resolve) => {
      child.on('close', (code) => {
        children.delete(child)
        resolve({ code, stdout, stderr })
        heard?.()
      })
    })
    const printed = (text: string | RegExp) =>
      new Promise<string>((resolve, reject) => {
        heard = () => {
          if (typeof text === 'string' ? stdout.includes(text) : text.test(stdout)) resolve(stdout)
          else if (!children.has(child))
            reject(new Error(`ftdlab ${words.join(' ')} ended without printing ${String(text)}:\n${stdout}${stderr}`))
        }
        heard?.()
      })
    return { child, ended, printed }
  }
  return {
    folder,
    start,
    run: (...words) => start(words).ended,
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGTERM')
      // A lab in the background is no child of ours; when there is none, this only says so.
      await start(['down']).ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
