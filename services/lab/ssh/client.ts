import type { ReadStream, WriteStream } from 'node:tty'
import ssh2 from 'ssh2'
import type { ClientChannel } from 'ssh2'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'

export interface SshTerminalOptions {
  readonly port: number
  readonly user: string
  readonly password: string
  /** The user's side; the process's own unless given. */
  readonly stdin?: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>
  readonly stdout?: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>
}

/**
 * Joins the user's terminal to a shell on a device and resolves with the shell's exit code. Throws LAB_NOT_RUNNING when nothing listens, LAB_UNAUTHORIZED for a
 * wrong password.
 */
export async function sshTerminal(options: SshTerminalOptions): Promise<number> {
  const stdin = options.stdin ?? process.stdin
  const stdout = options.stdout ?? process.stdout
  const client = new ssh2.Client()
  const { port, user, password } = options
  try {
    await new Promise<void>((resolve, reject) => {
      client.once('ready', resolve)
      client.once('error', (error) => reject(explained(error, options)))
      client.connect({ host: '127.0.0.1', port, username: user, password })
    })
    const size = () => ({ cols: stdout.columns ?? 80, rows: stdout.rows ?? 24, width: 0, height: 0 })
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.shell({ ...size(), term: 'xterm' }, (error, opened) => (error ? reject(error) : resolve(opened)))
    })
    const resized = () => channel.setWindow(size().rows, size().cols, 0, 0)
    stdin.setRawMode?.(true)
    stdout.on('resize', resized)
    stdin.pipe(channel)
    channel.pipe(stdout, { end: false })
    try {
      return await new Promise<number>((resolve) => {
        channel.on('close', (exitCode?: number | null) => resolve(exitCode ?? 255))
      })
    } finally {
      stdin.unpipe(channel)
      stdin.pause()
      stdin.setRawMode?.(false)
      stdout.off('resize', resized)
    }
  } finally {
    client.end()
  }
}

function explained(error: Error & { level?: string }, { port, user }: SshTerminalOptions): Error {
  if (error.level === 'client-authentication')
    return new LabError('LAB_UNAUTHORIZED', `the device does not accept the password of ${user}`, { cause: error })
  if (codeOf(error) === 'ECONNREFUSED')
    return new LabError('LAB_NOT_RUNNING', `nothing answers on port ${port}; is the lab running?`, { cause: error })
  return error
}
