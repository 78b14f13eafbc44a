import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'

/** Where the compose file is. */
export const PACKAGE = join(import.meta.dirname, '../../..')

export interface DockerOptions {
  readonly input?: string
  /** More of the environment, which the compose file reads. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** What a command of the machine's printed and how it ended. */
export interface DockerResult {
  readonly exitCode: number
  /** Both streams in the order in which they arrived. */
  readonly output: string
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs `docker` with these words to its end, whatever its exit code. Throws LAB_NOT_RUNNING where there is no such command, and the signal's reason when that
 * is aborted.
 */
export function docker(words: readonly string[], { input = '', env, signal }: DockerOptions = {}): Promise<DockerResult> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const child = spawn('docker', words, { cwd: PACKAGE, env: { ...process.env, ...env }, stdio: 'pipe' })
    const stop = () => child.kill('SIGTERM')
    signal?.addEventListener('abort', stop, { once: true })
    const [all, out, err]: [Buffer[], Buffer[], Buffer[]] = [[], [], []]
    const into = (own: Buffer[]) => (data: Buffer) => {
      own.push(data)
      all.push(data)
    }
    child.stdout.on('data', into(out))
    child.stderr.on('data', into(err))
    child.once('error', (error) =>
      reject(
        codeOf(error) === 'ENOENT'
          ? new LabError('LAB_NOT_RUNNING', 'there is no docker command on this machine; a lab of containers needs Docker with Compose', {
              cause: error,
            })
          : error,
      ),
    )
    child.once('close', (code) => {
      signal?.removeEventListener('abort', stop)
      if (signal?.aborted === true) return reject(signal.reason as Error)
      const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString()
      resolve({ exitCode: code ?? 1, output: text(all), stdout: text(out), stderr: text(err) })
    })
    child.stdin.on('error', () => {}) // A command need not read its input.
    child.stdin.end(input)
  })
}

/** Runs `docker` and gives its standard output. Throws LAB_STATE_BROKEN with its own words when it fails. */
export async function dockerSays(words: readonly string[], options?: DockerOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await docker(words, options)
  if (exitCode === 0) return stdout
  throw new LabError('LAB_STATE_BROKEN', `\`docker ${words.join(' ')}\` ended with ${exitCode}: ${stderr.trim() || 'it printed nothing'}`)
}

/** Throws LAB_NOT_RUNNING, in Docker's words, unless an engine answers. */
export async function assertEngine(): Promise<void> {
  const { exitCode, stderr } = await docker(['version', '--format', '{{.Server.Version}}'])
  if (exitCode !== 0) throw new LabError('LAB_NOT_RUNNING', `no Docker engine answers, and a lab of containers needs one: ${stderr.trim()}`)
}
