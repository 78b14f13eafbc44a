import type { AddressInfo } from 'node:net'
import { generateKeyPairSync, timingSafeEqual } from 'node:crypto'
import ssh2 from 'ssh2'
import type { AuthContext, Connection, PseudoTtyInfo, Server, ServerChannel } from 'ssh2'
import type { ExecResult, TerminalSession } from '../../../shared/host/host.ts'
import { codeOf, LabError } from '../../../shared/kernel/errors.ts'
import type { Log } from '../../../shared/kernel/log.ts'

export interface SshServerOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Where it listens: the machine's loopback unless given. */
  readonly address?: string | undefined
  /** The device's private host key (OpenSSH or PEM), e.g. of `makeHostKey`. */
  readonly hostKeyPem: string
  /** Default `admin` (public P39). */
  readonly user?: string
  /** Default `Admin123` (public P39). */
  readonly password?: string
  /** Shown before the password is asked. */
  readonly banner?: string
  readonly log: Log
  /** Opens an interactive session; resolves with its exit code. */
  readonly open: (session: TerminalSession) => Promise<number>
  /** Runs one command; the signal is aborted when the client goes away. */
  readonly exec: (command: string, options: { readonly signal: AbortSignal; readonly apart: boolean }) => Promise<ExecResult>
}

export interface SshServer extends AsyncDisposable {
  readonly port: number
}

const WIDTH_WITHOUT_TERMINAL = 80

/**
 * A new private host key, PEM. Making one is real randomness: keep it with the lab's state, or clients complain at the next start. (ssh2 makes keys itself, but one
 * Ed25519 key in 256 that it cannot read: mscdex/ssh2 #1390.)
 */
export function makeHostKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }) as string
}

/**
 * A device's SSH door on the machine's loopback: password login, terminal with window changes, shell and exec. Throws LAB_PORT_IN_USE when the port is taken.
 * Disposing ends all connections.
 */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const connections = new Set<Connection>()
  const server = new ssh2.Server(
    { hostKeys: [options.hostKeyPem], ident: 'OpenSSH_7.5', ...(options.banner !== undefined && { banner: options.banner }) },
    (connection) => {
      connections.add(connection)
      connection.on('close', () => connections.delete(connection))
      // A client that breaks off, or speaks nonsense, is no concern of the lab's.
      connection.on('error', (error) => options.log.debug('ssh connection failed', { error: error.message }))
      connection.on('authentication', (attempt) => authenticate(attempt, options))
      connection.on('ready', () => connection.on('session', (accept) => serveSession(accept(), options)))
    },
  )
  await listen(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of connections) connection.end()
      await closed
    },
  }
}

function listen(server: Server, { port, address = '127.0.0.1' }: SshServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: unknown) => {
      reject(
        codeOf(error) === 'EADDRINUSE'
          ? new LabError('LAB_PORT_IN_USE', `port ${port} for SSH is in use; choose another`, { cause: error })
          : error,
      )
    })
    server.listen(port, address, resolve)
  })
}

function authenticate(attempt: AuthContext, { user = 'admin', password = 'Admin123' }: SshServerOptions): void {
  if (attempt.method === 'password' && attempt.username === user && same(attempt.password, password)) attempt.accept()
  else attempt.reject(['password'])
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function serveSession(session: ssh2.Session, options: SshServerOptions): void {
  let columns: number | undefined
  session.on('pty', (accept, _reject, info: PseudoTtyInfo) => {
    columns = info.cols
    accept?.()
  })
  session.on('window-change', (accept, _reject, info) => {
    columns = info.cols
    accept?.()
  })
  session.on('shell', (accept) => {
    const channel = accept()
    const gone = new AbortController()
    channel.on('close', () => gone.abort())
    const terminal: TerminalSession = {
      shell: 'clish',
      stdin: channel,
      signal: gone.signal,
      stdout: { write: (text) => void (channel.writable && channel.write(text)) },
      get columns() {
        return columns || WIDTH_WITHOUT_TERMINAL
      },
    }
    void finish(channel, options.open(terminal), options.log)
  })
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept()
    const gone = new AbortController()
    channel.on('close', () => gone.abort())
    channel.on('data', (chunk: Buffer) => {
      if (chunk.includes(0x03)) gone.abort()
    })
    session.on('signal', () => gone.abort())
    const run = async () => {
      const apart = columns === undefined // A terminal has one stream.
      const result = await options.exec(command, { signal: gone.signal, apart })
      if (apart) {
        channel.write(result.stdout)
        channel.stderr.write(result.stderr)
      } else channel.write(result.output.replace(/\r?\n/g, '\r\n'))
      return result.exitCode
    }
    void finish(channel, run(), options.log)
  })
}

/** Ends a channel with the exit code of what ran on it; a failure of ours closes it with 255 and is in the lab's log. */
async function finish(channel: ServerChannel, work: Promise<number>, log: Log): Promise<void> {
  let exitCode = 255
  try {
    exitCode = await work
  } catch (error) {
    log.error('an ssh session failed', { error: (error as Error).stack ?? String(error) })
  }
  if (channel.destroyed) return
  channel.exit(exitCode)
  channel.end()
}
