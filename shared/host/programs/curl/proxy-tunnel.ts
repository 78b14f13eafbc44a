import { codeOf } from '../../../kernel/errors.ts'
import { readFrom } from './byte-source.ts'
import { EXIT } from './messages.ts'
import type { CurlProxy } from './proxy.ts'
import { basic, USER_AGENT } from './request.ts'
import { parseStatusLine, ResponseReader } from './response.ts'
import { failure, type Connection } from './session.ts'
import { isTimeUp, operationTimedOut, startPhase, type TimeLimit } from './time-limit.ts'

/** Asks a proxy for a tunnel to `host:port` over a fresh connection to it, and prints the exchange. (public: curl 7.44 http_proxy.c) */
export async function openTunnel(limit: TimeLimit, connection: Connection, proxy: CurlProxy, host: string, port: number): Promise<void> {
  const { session } = limit
  session.note(`Establish HTTP proxy tunnel to ${host}:${port}`)
  const login = proxy.user === undefined ? undefined : basic(proxy.user, proxy.password ?? '')
  if (login !== undefined) session.note(`Proxy auth using Basic with user '${proxy.user}'`)
  const head = [
    `CONNECT ${host}:${port} HTTP/1.1`,
    `Host: ${host}:${port}`,
    ...(login === undefined ? [] : [`Proxy-Authorization: ${login}`]),
    `User-Agent: ${session.options.userAgent ?? USER_AGENT}`,
    'Proxy-Connection: Keep-Alive',
    '',
    '',
  ].join('\r\n')
  const source = readFrom(connection.raw)
  using deadline = startPhase(limit, 'connect')
  connection.raw.write(head)
  session.sent(head)
  let status: number | undefined
  try {
    status = await readAnswer(limit, new ResponseReader(source, deadline.signal), login !== undefined)
  } catch (error) {
    if (isTimeUp(error)) throw operationTimedOut(limit, 0, 0)
    if (codeOf(error) === undefined) throw error
    throw failure(
      session,
      EXIT.receiveError,
      codeOf(error) === 'ECONNRESET' ? 'Recv failure: Connection reset by peer' : 'Proxy CONNECT aborted',
      { cause: error },
    )
  } finally {
    source.release()
  }
  if (status === undefined) throw failure(session, EXIT.receiveError, 'Proxy CONNECT aborted')
  if (status !== 200) throw failure(session, EXIT.receiveError, `Received HTTP code ${status} from proxy after CONNECT`)
  session.note('Proxy replied OK to CONNECT request')
}

/** The status of the proxy's answer once its head is whole; 0 for what is not HTTP, undefined when the proxy closed first. */
async function readAnswer(limit: TimeLimit, reader: ResponseReader, loggedIn: boolean): Promise<number | undefined> {
  const { session } = limit
  const first = await reader.line()
  if (first === undefined) return undefined
  session.received(first)
  const status = parseStatusLine(first)?.status ?? 0
  if (status === 0) return 0
  for (;;) {
    const line = await reader.line()
    if (line === undefined) return undefined
    session.received(line)
    if (line === '') return status
    if (status === 407 && loggedIn && /^proxy-authenticate: *basic/i.test(line)) session.note('Authentication problem. Ignoring this.')
  }
}
