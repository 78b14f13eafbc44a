/** What kind of failure this is; never confuse ours with the lesson. `mistake`: what was asked for cannot be; `bug`: ours. */
export type LabErrorCode =
  | 'LAB_BAD_INPUT'
  | 'LAB_NO_SUCH_HOST'
  | 'LAB_NO_SUCH_FAULT'
  | 'LAB_NO_SUCH_SCENARIO'
  | 'LAB_NOT_EMULATED'
  | 'LAB_NOT_RUNNING'
  | 'LAB_ALREADY_RUNNING'
  | 'LAB_PORT_IN_USE'
  | 'LAB_UNAUTHORIZED'
  | 'LAB_STATE_BROKEN'
  | 'LAB_TIMED_OUT'

/** An operator's mistake or the lab's own limit, in one sentence that says what would do. Never thrown by emulated software. */
export class LabError extends Error {
  readonly code: LabErrorCode
  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LabError'
    this.code = code
  }
}

/** An error as the kernel would give it, in Node's wording, e.g. `connect ECONNREFUSED 192.0.2.20:443`. */
export function errno(code: string, syscall: string, subject?: string): NodeJS.ErrnoException {
  // Like Node's own errors of asynchronous calls it has no stack: to take one costs more than most of the calls that fail.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const error: NodeJS.ErrnoException = new Error(subject === undefined ? `${syscall} ${code}` : `${syscall} ${code} ${subject}`)
  Error.stackTraceLimit = stackTraceLimit
  error.code = code
  error.syscall = syscall
  return error
}

/** The code of an errno-style error, or undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** What failed, in order: an error that ended something, and those that came while what had been started was ended. */
export function failuresOf(error: unknown): readonly unknown[] {
  return error instanceof SuppressedError ? [...failuresOf(error.suppressed), ...failuresOf(error.error)] : [error]
}

/** "x is not one of a, b, c" in one clause, for messages to people. */
export function oneOf(choices: Iterable<string>): string {
  return [...choices].join(', ')
}
