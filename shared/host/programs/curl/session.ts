import type { Duplex } from 'node:stream'
import type { Conn } from '../../../kernel/net.ts'
import type { Invocation } from '../../../kernel/processes.ts'
import type { World } from '../../../kernel/world.ts'
import { createResolver, type Resolver } from '../../../wire/dns/resolver.ts'
import { lineBuffered, type LineOutput } from '../line-output.ts'
import type { ByteSource } from './byte-source.ts'
import { CurlError } from './messages.ts'
import type { CurlOptions } from './options.ts'

/** A connection that a curl run made, and may use again. */
export interface Connection {
  /** As in `(#0)`. */
  readonly id: number
  /** Equal keys can share a connection. */
  readonly key: string
  /** The host that curl names when it closes or keeps the connection: the proxy's where there is one. */
  readonly peerName: string
  readonly peerPort: number
  readonly address: string
  /** The TLS session, or the TCP connection itself. */
  stream: Duplex
  readonly raw: Conn
  /** Reads the stream; absent until the connection is ready for requests. */
  source: ByteSource | undefined
  secured: boolean
  /** The peer ended its side of the TLS session. */
  closeNotified: boolean
}

/** Everything one run of curl shares between its URLs. */
export interface Session {
  readonly world: World
  readonly invocation: Invocation
  readonly options: CurlOptions
  readonly resolver: Resolver
  readonly stdout: LineOutput
  /** Kept connections, by key. */
  readonly kept: Map<string, Connection>
  /** Addresses by name, of `--resolve` and of earlier look-ups. */
  readonly known: Map<string, readonly string[]>
  /** The number that the next connection gets. */
  nextId: number
  /** `* text` when verbose. */
  note(text: string): void
  /** `> line` for each line of a request head when verbose. */
  sent(head: string): void
  /** `< line` when verbose. */
  received(line: string): void
}

/** Begins a run. */
export function startSession(world: World, invocation: Invocation, options: CurlOptions): Session {
  const print = (text: string): void => {
    // An interrupted curl is gone at once.
    if (options.verbose && !invocation.signal.aborted) invocation.stderr.write(text)
  }
  return {
    world,
    invocation,
    options,
    resolver: createResolver(world),
    stdout: lineBuffered(invocation.stdout),
    kept: new Map(),
    known: new Map(),
    nextId: 0,
    note: (text) => print(`* ${text}\n`),
    sent: (head) =>
      print(
        head
          .replace(/\r\n$/, '')
          .split('\r\n')
          .map((line) => `> ${line}\n`)
          .join(''),
      ),
    received: (line) => print(`< ${line}\n`),
  }
}

/** Says why the transfer ends, as curl does at once in its trace, and gives the error to throw. */
export function failure(
  session: Session,
  exitCode: number,
  message: string,
  options: { keepsConnection?: boolean } & ErrorOptions = {},
): CurlError {
  session.note(message)
  return new CurlError(exitCode, message, options)
}

/** Closes a connection as curl does, saying so; a TLS session is ended with a close notify while its connection still stands. */
export function closeConnection(session: Session, connection: Connection): void {
  session.note(`Closing connection ${connection.id}`)
  session.kept.delete(connection.key)
  if (connection.secured && !connection.raw.destroyed) {
    session.note('TLSv1.2 (OUT), TLS alert, Client hello (1):')
    connection.stream.end()
  }
  connection.source?.release()
  connection.stream.destroy()
  connection.raw.destroy()
}

/** Ends what was kept for later requests, silently, as curl does when it exits. */
export function closeKept(session: Session): void {
  for (const connection of session.kept.values()) {
    connection.source?.release()
    if (connection.secured) connection.stream.end()
    connection.stream.destroy()
    connection.raw.destroy()
  }
  session.kept.clear()
}
