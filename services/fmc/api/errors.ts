import type { z } from 'zod'

type Category = 'FRAMEWORK' | 'OTHER' | 'VALIDATION'

/** The body of every FMC error (public P22). */
export interface ErrorBody {
  readonly error: {
    readonly category: Category
    readonly messages: readonly { readonly description: string }[]
    readonly severity: 'ERROR'
  }
}

/** An answer that is an error, as the FMC gives it. */
export class ApiError extends Error {
  readonly status: number
  readonly category: Category
  constructor(status: number, category: Category, description: string) {
    super(description)
    this.name = 'ApiError'
    this.status = status
    this.category = category
  }
}

/** The vendor's error envelope. Clients parse it whatever the status is (public). */
export function errorBody(category: Category, description: string): ErrorBody {
  return { error: { category, messages: [{ description }], severity: 'ERROR' } }
}

/** 401 for a wrong name or password, or none at all (recorded). */
export const authenticationFailed = (): ApiError => new ApiError(401, 'FRAMEWORK', 'User authentication failed.')
/** 401 for a missing, old or unknown access token (public P26): clients look for this text before they refresh. */
export const accessTokenInvalid = (): ApiError => new ApiError(401, 'FRAMEWORK', 'Access token invalid.')
/** 400 for a refresh without the header (public). */
export const refreshTokenMissing = (): ApiError => new ApiError(400, 'FRAMEWORK', 'No refresh token found')
/** 401 for an obsolete refresh token or a fourth refresh (public). */
export const refreshTokenInvalid = (): ApiError => new ApiError(401, 'FRAMEWORK', 'Invalid refresh token')
/** 403 for a change by a user who may only read (public P26). */
export const notAuthorized = (): ApiError => new ApiError(403, 'FRAMEWORK', 'The user is not authorized')
/** 404 for an object or a path that does not exist. Wording invented. */
export const notFound = (what: string): ApiError => new ApiError(404, 'FRAMEWORK', `${what} not found`)
/** 405 (public: "is not supported"). */
export const methodNotSupported = (method: string): ApiError =>
  new ApiError(405, 'FRAMEWORK', `${method} is not supported for this resource`)
/** 422 for a body that is no JSON or larger than 2,048,000 bytes (recorded). */
export const unprocessable = (): ApiError => new ApiError(422, 'OTHER', 'Unprocessable Entity')
/** 429 (public); wording invented. */
export const tooManyRequests = (perMinute: number): ApiError =>
  new ApiError(429, 'FRAMEWORK', `Too many requests: this server accepts ${perMinute} requests per minute from one client`)
/** 400 for a bad value (the first sentence is recorded). */
export const inputMismatch = (detail: string): ApiError => new ApiError(400, 'FRAMEWORK', `Input type mismatch. ${detail}`)
/** 501 for what the FMC has and the lab has not. Invented. */
export const notEmulated = (method: string, path: string): ApiError =>
  new ApiError(501, 'OTHER', `LAB_NOT_EMULATED: ftdlab does not emulate ${method} ${path}; its FMC README lists what it does`)

/** 400 that names the first field that does not fit. */
export function schemaMismatch(error: z.ZodError): ApiError {
  const issue = error.issues[0]
  return inputMismatch(`Invalid value for ${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'unknown'}`)
}
