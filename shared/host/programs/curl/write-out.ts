import type { TransferReport } from './transfer.ts'

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

/** `-w` variables, by name. Times of phases are not measured apart. (public: curl manual) */
const VARIABLES: Readonly<Record<string, (report: TransferReport) => string>> = {
  content_type: (report) => report.contentType,
  http_code: (report) => String(report.status).padStart(3, '0'),
  num_connects: (report) => String(report.connections),
  num_redirects: (report) => String(report.redirects),
  redirect_url: (report) => report.redirectUrl,
  remote_ip: (report) => report.remoteAddress,
  remote_port: (report) => String(report.remotePort),
  response_code: (report) => String(report.status).padStart(3, '0'),
  size_download: (report) => String(report.downloadedBytes),
  time_total: (report) => seconds(report.totalMs),
  url_effective: (report) => report.url,
}

/** A `-w` format filled in. `\n`, `\r` and `\t` are written as such, `%%` is a percent sign; an unknown variable is named instead of shown. */
export function fillWriteOut(format: string, report: TransferReport): string {
  return format
    .replace(/%%|%\{([^}]*)\}/g, (whole, name: string | undefined) => {
      if (name === undefined) return whole[0]!
      return VARIABLES[name]?.(report) ?? `curl: unknown --write-out variable: '${name}'\n`
    })
    .replaceAll('\\n', '\n')
    .replaceAll('\\r', '\r')
    .replaceAll('\\t', '\t')
}
