/** A refusal, in the shape of RFC 6749 5.2: `{"error": code, "error_description": message}`. Bodies invented; the real ones are not public. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: readonly string[]
  constructor(status: number, code: string, message: string, headers: readonly string[] = []) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export const invalidRequest = (message: string) => new ApiError(400, 'invalid_request', message)

export const invalidClient = () => new ApiError(401, 'invalid_client', 'unknown client_id or wrong client_secret')

export const invalidToken = (message: string) =>
  new ApiError(401, 'invalid_token', message, ['WWW-Authenticate', 'Bearer error="invalid_token"'])

export const accessDenied = (message: string) => new ApiError(403, 'access_denied', message)

export const notFound = (message: string) => new ApiError(404, 'not_found', message)

export const methodNotAllowed = (allowed: string) => new ApiError(405, 'method_not_allowed', `allowed here: ${allowed}`, ['Allow', allowed])

export const tooLarge = (limit: number) => new ApiError(413, 'payload_too_large', `a request body holds at most ${limit} bytes`)

export const upgradeRequired = () => new ApiError(426, 'upgrade_required', 'this path speaks WebSocket only', ['Upgrade', 'websocket'])

export const notEmulated = (what: string) => new ApiError(501, 'LAB_NOT_EMULATED', `ftdlab does not emulate ${what}`)
