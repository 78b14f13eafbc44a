import { request } from 'node:http'
import { codeOf, LabError, type LabErrorCode } from '../../../shared/kernel/errors.ts'
import { stateFolder, type StateFolder } from '../state/folder.ts'
import { readRecord, type RunningRecord } from '../state/record.ts'

/** The running lab of a state folder, over its control API. */
export interface LabClient {
  readonly folder: StateFolder
  readonly record: RunningRecord
  /** Calls the API and gives the parsed answer. Throws what the lab answered, as a LabError, and LAB_NOT_RUNNING when nothing answers. */
  readonly call: <T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) => Promise<T>
}

/** Finds the running lab by its state folder. Throws LAB_NOT_RUNNING or LAB_STATE_BROKEN. */
export async function runningLab(folder: StateFolder = stateFolder()): Promise<LabClient> {
  const record = await readRecord(folder)
  if (record === undefined) throw new LabError('LAB_NOT_RUNNING', `no lab is running in ${folder.path}; start one with \`ftdlab up\``)
  if (record.state === 'starting')
    throw new LabError('LAB_NOT_RUNNING', `the lab in ${folder.path} (process ${record.pid}) is still starting, or ended while it did`)
  return { folder, record, call: (method, path, body) => call(record, method, path, body) }
}

async function call<T>(record: RunningRecord, method: string, path: string, body: unknown): Promise<T> {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const { status, text } = await send(record, method, path, payload)
  let value: unknown
  try {
    value = text === '' ? null : JSON.parse(text)
  } catch (error) {
    throw strange(record, error)
  }
  if (status < 400) return value as T
  const said = (value as { error?: { code?: string; message?: string } } | null)?.error
  if (said?.code === undefined || said.message === undefined) throw strange(record)
  throw new LabError(said.code as LabErrorCode, said.message)
}

function send(record: RunningRecord, method: string, path: string, payload: string | undefined): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${record.token}`,
      ...(payload !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    }
    const failed = (error: Error) => reject(notRunning(record, error))
    const asked = request(new URL(path, record.url), { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', failed)
      response.on('end', () => resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() }))
    })
    asked.on('error', failed)
    asked.end(payload)
  })
}

function notRunning(record: RunningRecord, cause: Error): LabError {
  const what =
    codeOf(cause) === 'ECONNREFUSED'
      ? `nothing answers at ${record.url}: the lab of process ${record.pid} did not end cleanly`
      : `the lab at ${record.url} broke off (${cause.message})`
  return new LabError('LAB_NOT_RUNNING', `${what}; start one with \`ftdlab up\``, { cause })
}

function strange(record: RunningRecord, cause?: unknown): LabError {
  return new LabError('LAB_NOT_RUNNING', `what answers at ${record.url} is not the lab; start one with \`ftdlab up\``, { cause })
}
