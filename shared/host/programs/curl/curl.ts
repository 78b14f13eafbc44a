import type { Program } from '../../../kernel/processes.ts'
import { CERTIFICATE_HELP, CurlError, EXIT, HELP_TEXT, TRY_HELP, VERSION_TEXT } from './messages.ts'
import { parseCurlOptions, type CurlOptions } from './options.ts'
import { closeKept, startSession } from './session.ts'
import { emptyReport, transfer } from './transfer.ts'
import { fillWriteOut } from './write-out.ts'

/**
 * `curl` as the appliance's 7.44.0 prints it, over what really happens on the network of the lab: names, TCP, TLS records, certificates and
 * HTTP. The exit code is that of the last URL. (seeds A, B, C; public: curl 7.44)
 */
export const curl: Program = async (world, invocation) => {
  const options = parseCurlOptions(invocation.argv.slice(1))
  const complain = (text: string): number => {
    invocation.stderr.write(`curl: ${text}\n${TRY_HELP}`)
    return EXIT.badUsage
  }
  if (typeof options === 'string') return complain(options)
  if (invocation.argv.length === 1) {
    invocation.stderr.write(TRY_HELP)
    return EXIT.badUsage
  }
  if (options.info !== undefined) {
    invocation.stdout.write(options.info === 'version' ? VERSION_TEXT : HELP_TEXT)
    return 0
  }
  if (options.urls.length === 0) return complain('no URL specified!')

  const session = startSession(world, invocation, options)
  for (const entry of options.resolve) {
    const match = /^([^:]+):(\d+):(\S+)$/.exec(entry)
    if (match === null) return complain(`Couldn't parse --resolve entry '${entry}'!`)
    session.known.set(`${match[1]!.toLowerCase()}:${match[2]}`, [match[3]!])
    session.note(`Added ${entry} to DNS cache`)
  }
  let exitCode = 0
  for (const [index, url] of options.urls.entries()) {
    const report = emptyReport(url)
    try {
      await transfer(session, url, index, report)
      exitCode = 0
    } catch (error) {
      if (!(error instanceof CurlError)) throw error
      exitCode = error.exitCode
      if (showsErrors(options)) invocation.stderr.write(errorText(error))
    }
    if (options.writeOut !== undefined) session.stdout.write(fillWriteOut(options.writeOut, report))
  }
  session.stdout.flush()
  closeKept(session)
  return exitCode
}

function showsErrors(options: CurlOptions): boolean {
  return !options.silent || options.showError
}

function errorText(error: CurlError): string {
  return `curl: (${error.exitCode}) ${error.message}\n${error.exitCode === EXIT.untrustedCertificate ? CERTIFICATE_HELP : ''}`
}
