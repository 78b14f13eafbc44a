/** curl's exit codes, by what happened. (domain facts, appendix A; public: curl manual) */
export const EXIT = {
  unsupportedProtocol: 1,
  badUsage: 2,
  malformedUrl: 3,
  couldNotResolveProxy: 5,
  couldNotResolveHost: 6,
  couldNotConnect: 7,
  partialFile: 18,
  httpError: 22,
  writeError: 23,
  timedOut: 28,
  tlsConnect: 35,
  tooManyRedirects: 47,
  nameMismatch: 51,
  emptyReply: 52,
  receiveError: 56,
  clientCertificate: 58,
  untrustedCertificate: 60,
  fileTooLarge: 63,
  badCaFile: 77,
} as const

/** curl gives up: printed as `curl: (CODE) message`. */
export class CurlError extends Error {
  readonly exitCode: number
  /** The connection stays as it is (an empty reply does not close it). */
  readonly keepsConnection: boolean
  constructor(exitCode: number, message: string, options: { readonly keepsConnection?: boolean } & ErrorOptions = {}) {
    super(message, options)
    this.name = 'CurlError'
    this.exitCode = exitCode
    this.keepsConnection = options.keepsConnection ?? false
  }
}

export const TRY_HELP = "curl: try 'curl --help' or 'curl --manual' for more information\n"

/** Printed after the error line of exit code 60. (public: curl 7.44 tool_operate.c) */
export const CERTIFICATE_HELP = `More details here: http://curl.haxx.se/docs/sslcerts.html

curl performs SSL certificate verification by default, using a "bundle"
 of Certificate Authority (CA) public keys (CA certs). If the default
 bundle file isn't adequate, you can specify an alternate file
 using the --cacert option.
If this HTTPS server uses a certificate signed by a CA represented in
 the bundle, the certificate verification probably failed due to a
 problem with the certificate (it might be expired, or the name might
 not match the domain name in the URL).
If you'd like to turn off curl's verification of the certificate, use
 the -k (or --insecure) option.
`

/** The user agent is documented (seed A); the rest of the line is invented. */
export const VERSION_TEXT = `curl 7.44.0 (x86_64-pc-linux-gnu) libcurl/7.44.0 OpenSSL/1.0.2 zlib/1.2.8
Protocols: http https 
Features: IPv6 Largefile libz SSL 
`

export const HELP_TEXT = `Usage: curl [options...] <url>
Options: (H) means HTTP/HTTPS only
     --cacert FILE   CA certificate to verify peer against (SSL)
     --capath DIR    CA directory to verify peer against (SSL)
 -E, --cert CERT     Client certificate file (SSL)
     --connect-timeout SECONDS  Maximum time allowed for connection
 -d, --data DATA     HTTP POST data (H)
 -f, --fail          Fail silently (no output at all) on HTTP errors (H)
 -I, --head          Show document info only
 -H, --header LINE   Pass custom header LINE to server (H)
 -h, --help          This help text
 -i, --include       Include protocol headers in the output (H)
 -k, --insecure      Allow connections to SSL sites without certs (H)
     --key KEY       Private key file name (SSL)
 -L, --location      Follow redirects (H)
     --max-filesize BYTES  Maximum file size to download (H)
     --max-redirs NUM  Maximum number of redirects allowed (H)
 -m, --max-time SECONDS  Maximum time allowed for the transfer
     --noproxy HOSTS  List of hosts which do not use proxy
 -o, --output FILE   Write to FILE instead of stdout
 -x, --proxy [PROTOCOL://]HOST[:PORT]  Use proxy on given port
 -U, --proxy-user USER[:PASSWORD]  Proxy user and password
 -O, --remote-name   Write output to a file named as the remote file
 -X, --request COMMAND  Specify request command to use
     --resolve HOST:PORT:ADDRESS  Force resolve of HOST:PORT to ADDRESS
 -S, --show-error    Show error. With -s, make curl show errors when they occur
 -s, --silent        Silent mode (don't output anything)
     --url URL       URL to work with
 -u, --user USER[:PASSWORD]  Server user and password
 -A, --user-agent STRING  Send User-Agent STRING to server (H)
 -v, --verbose       Make the operation more talkative
 -V, --version       Show version number and quit
 -w, --write-out FORMAT  Use output FORMAT after completion
`
