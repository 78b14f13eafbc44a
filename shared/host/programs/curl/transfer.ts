import { exchange } from './exchange.ts'
import { CurlError, EXIT } from './messages.ts'
import { openConnection } from './open-connection.ts'
import { openSink, type Sink } from './output.ts'
import { proxyFor } from './proxy.ts'
import { planRequest, type RequestPlan } from './request.ts'
import { headerValues, type ResponseHead } from './response.ts'
import { isRedirect } from './exchange.ts'
import { failure, type Session } from './session.ts'
import { elapsedMs, startTimeLimit, type TimeLimit } from './time-limit.ts'
import { parseCurlUrl, redirectTarget, type CurlUrl } from './url.ts'

/** What a transfer came to, for `-w`. Filled in as it goes, so that a failed one tells how far it got. */
export interface TransferReport {
  url: string
  status: number
  redirects: number
  downloadedBytes: number
  remoteAddress: string
  remotePort: number
  connections: number
  contentType: string
  totalMs: number
  redirectUrl: string
}

/** A report of a transfer that has not begun. */
export function emptyReport(url: string): TransferReport {
  return {
    url,
    status: 0,
    redirects: 0,
    downloadedBytes: 0,
    remoteAddress: '',
    remotePort: 0,
    connections: 0,
    contentType: '',
    totalMs: 0,
    redirectUrl: '',
  }
}

/** Fetches the n-th URL of the command line, following redirects with `-L`. Throws `CurlError`; what there is to trace is printed by then. */
export async function transfer(session: Session, written: string, index: number, report: TransferReport): Promise<void> {
  const limit = startTimeLimit(session)
  let sink: Sink | undefined
  try {
    let url = readUrl(session, written)
    report.url = effectiveUrl(url)
    sink = openSink(session, index, url)
    let plan = await planRequest(session)
    const firstHost = url.host
    for (;;) {
      const head = await fetchOne(limit, url, plan, firstHost, sink, report)
      const location = headerValues(head, 'location')[0]
      if (!isRedirect(head)) break
      const target = redirectTarget(url, location!)
      report.redirectUrl = target
      if (!session.options.follow) break
      if (session.options.maxRedirs >= 0 && report.redirects >= session.options.maxRedirs)
        throw failure(session, EXIT.tooManyRedirects, `Maximum (${session.options.maxRedirs}) redirects followed`)
      report.redirects++
      session.note(`Issue another request to this URL: '${target}'`)
      plan = afterRedirect(session, plan, head)
      url = readUrl(session, target)
      report.url = effectiveUrl(url)
      report.redirectUrl = ''
    }
  } finally {
    report.totalMs = session.world.clock.uptimeMs() - limit.startedMs
    await sink?.finish()
  }
}

async function fetchOne(
  limit: TimeLimit,
  url: CurlUrl,
  plan: RequestPlan,
  firstHost: string,
  sink: Sink,
  report: TransferReport,
): Promise<ResponseHead> {
  const { session } = limit
  const before = session.nextId
  const proxy = proxyFor(url, session.options, session.invocation.env)
  const connection = await openConnection(limit, url, proxy)
  report.connections += session.nextId - before
  report.remoteAddress = connection.address
  report.remotePort = connection.peerPort
  const { head, bodyBytes } = await exchange(limit, connection, { url, plan, firstHost, proxy }, sink)
  report.status = head.status
  report.downloadedBytes = bodyBytes
  report.contentType = headerValues(head, 'content-type')[0] ?? ''
  report.totalMs = elapsedMs(limit)
  return head
}

/** curl writes the scheme that it guessed in capitals. (public: curl 7.44 url.c) */
function effectiveUrl(url: CurlUrl): string {
  return url.text.includes('://') ? url.text : `${url.scheme.toUpperCase()}://${url.text}`
}

function readUrl(session: Session, written: string): CurlUrl {
  const url = parseCurlUrl(written)
  if (url === undefined) throw new CurlError(EXIT.malformedUrl, '<url> malformed')
  if (url.scheme !== 'http' && url.scheme !== 'https') {
    const error = failure(session, EXIT.unsupportedProtocol, `Protocol "${url.scheme}" not supported or disabled in libcurl`)
    session.note('Closing connection -1')
    throw error
  }
  if (url.rebuilt) session.note(`Rebuilt URL to: ${url.text}`)
  return url
}

/** A POST becomes a GET where browsers do so, unless `-X` fixed the method. (public: curl manual) */
function afterRedirect(session: Session, plan: RequestPlan, head: ResponseHead): RequestPlan {
  if (plan.body === undefined || head.status === 307 || head.status === 308) return plan
  if (session.options.method === undefined) session.note('Switch from POST to GET')
  return { method: session.options.method ?? 'GET', body: undefined }
}
