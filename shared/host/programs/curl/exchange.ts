import { codeOf } from '../../../kernel/errors.ts'
import { readBody } from './body.ts'
import { EXIT } from './messages.ts'
import type { Sink } from './output.ts'
import type { CurlProxy } from './proxy.ts'
import { credentialsFor, requestHead, type RequestPlan } from './request.ts'
import { bodyKind, headerValues, keepsAlive, parseStatusLine, ResponseReader, type BodyKind, type ResponseHead } from './response.ts'
import { closeConnection, failure, type Connection, type Session } from './session.ts'
import { alertLine, ALERT_WARNING } from './tls-records.ts'
import { isTimeUp, operationTimedOut, startPhase, type TimeLimit } from './time-limit.ts'
import type { CurlUrl } from './url.ts'

export interface Exchanged {
  readonly head: ResponseHead
  readonly bodyBytes: number
}

interface Progress {
  received: number
  /** 0 before the request is out, undefined while unknown. */
  expected: number | undefined
}

/** One request and its answer on a connection; says at the end what becomes of the connection. (seeds A and C; public: curl 7.44 http.c, transfer.c) */
export async function exchange(
  limit: TimeLimit,
  connection: Connection,
  request: { readonly url: CurlUrl; readonly plan: RequestPlan; readonly firstHost: string; readonly proxy: CurlProxy | undefined },
  sink: Sink,
): Promise<Exchanged> {
  const { session } = limit
  const { url, plan } = request
  const login = credentialsFor(session, url, request.firstHost)
  if (login !== undefined) session.note(`Server auth using Basic with user '${login.user}'`)
  const head = requestHead(session, url, plan, login, url.scheme === 'http' ? request.proxy : undefined)
  const progress: Progress = { received: 0, expected: undefined }
  using deadline = startPhase(limit, 'transfer')
  const reader = new ResponseReader(connection.source!, deadline.signal)
  try {
    connection.stream.write(head)
    session.sent(head)
    if (plan.body !== undefined && plan.method !== 'HEAD') {
      connection.stream.write(plan.body)
      session.note(`upload completely sent off: ${plan.body.length} out of ${plan.body.length} bytes`)
    }
    return await readAnswer(session, connection, reader, plan.method, login !== undefined, progress, sink)
  } catch (error) {
    const said = isTimeUp(error)
      ? operationTimedOut(limit, progress.received, progress.expected)
      : codeOf(error) === undefined
        ? error
        : failure(session, EXIT.receiveError, receiveFailure(connection, codeOf(error)!), { cause: error })
    if ((said as { keepsConnection?: boolean }).keepsConnection !== true) closeConnection(session, connection)
    throw said
  }
}

function receiveFailure(connection: Connection, code: string): string {
  const [text, number] = code === 'ETIMEDOUT' ? ['Connection timed out', 110] : ['Connection reset by peer', 104]
  return connection.secured ? `SSL read: error:00000000:lib(0):func(0):reason(0), errno ${number}` : `Recv failure: ${text}`
}

async function readAnswer(
  session: Session,
  connection: Connection,
  reader: ResponseReader,
  method: string,
  loggedIn: boolean,
  progress: Progress,
  sink: Sink,
): Promise<Exchanged> {
  const { options } = session
  const isHttp = await reader.looksLikeHttp()
  if (isHttp === undefined) throw emptyReply(session, connection)
  const head = isHttp ? await readHead(session, connection, reader, loggedIn, sink) : { version: '0.9', status: 0, reason: '', headers: [] }
  const kind: BodyKind = isHttp ? bodyKind(method, head) : { kind: 'until-close' }
  const keeps = isHttp && keepsAlive(head) && kind.kind !== 'until-close'
  if (isHttp && kind.kind === 'until-close' && keepsAlive(head)) session.note('no chunk, no close, no size. Assume close to signal end')
  if (kind.kind === 'length') {
    progress.expected = kind.bytes
    if (options.maxFileSize !== undefined && kind.bytes > options.maxFileSize)
      throw failure(session, EXIT.fileTooLarge, 'Maximum file size exceeded')
  }
  if (isHttp) session.received('')
  const ignored = options.follow && isRedirect(head)
  if (ignored && kind.kind !== 'none') session.note('Ignoring the response-body')
  const end = await readBody(reader, kind, (bytes) => {
    progress.received += bytes.length
    if (!ignored) sink.write(bytes)
  })
  if (connection.closeNotified && (!end.whole || kind.kind === 'until-close')) session.note(alertLine('in', ALERT_WARNING))
  if (!end.whole)
    throw failure(
      session,
      EXIT.partialFile,
      end.missing === undefined
        ? 'transfer closed with outstanding read data remaining'
        : `transfer closed with ${end.missing} bytes remaining to read`,
    )
  if (keeps) session.note(`Connection #${connection.id} to host ${connection.peerName} left intact`)
  else closeConnection(session, connection)
  return { head, bodyBytes: progress.received }
}

/** The head of the final answer; interim ones (1xx) are printed and passed over. With `-f` an error status ends the transfer at once. */
async function readHead(
  session: Session,
  connection: Connection,
  reader: ResponseReader,
  loggedIn: boolean,
  sink: Sink,
): Promise<ResponseHead> {
  const { options } = session
  for (;;) {
    const headers: [string, string][] = []
    const first = await reader.line()
    if (first === undefined) throw emptyReply(session, connection)
    const status = parseStatusLine(first) ?? { version: '1.1', status: 0, reason: '' }
    if (options.fail && status.status >= 400)
      throw failure(session, EXIT.httpError, `The requested URL returned error: ${`${status.status} ${status.reason}`.trimEnd()}`)
    const show = (line: string): void => {
      if (options.head || options.include) sink.write(Buffer.from(`${line}\r\n`, 'latin1'))
    }
    session.received(first)
    show(first)
    if (status.version === '1.0') session.note('HTTP 1.0, assume close after body')
    for (;;) {
      const line = await reader.line()
      if (line === undefined) {
        if (connection.closeNotified) session.note(alertLine('in', ALERT_WARNING))
        return { ...status, version: '1.0', headers }
      }
      show(line)
      if (line === '') break
      const colon = line.indexOf(':')
      if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 1).trim()])
      if (status.status === 401 && loggedIn && /^www-authenticate: *basic/i.test(line))
        session.note('Authentication problem. Ignoring this.')
      session.received(line)
    }
    if (status.status >= 200 || status.status === 0) return { ...status, headers }
    session.received('')
  }
}

function emptyReply(session: Session, connection: Connection): Error {
  if (connection.closeNotified) session.note(alertLine('in', ALERT_WARNING))
  const error = failure(session, EXIT.emptyReply, 'Empty reply from server', { keepsConnection: true })
  session.note(`Connection #${connection.id} to host ${connection.peerName} left intact`)
  session.kept.delete(connection.key)
  connection.stream.destroy()
  connection.raw.destroy()
  return error
}

/** Whether `-L` follows this answer. */
export function isRedirect(head: ResponseHead): boolean {
  return head.status >= 300 && head.status < 400 && headerValues(head, 'location').length > 0
}
