import { z } from 'zod'
import { codeOf } from '../kernel/errors.ts'
import type { Push } from '../kernel/ipc.ts'
import type { World } from '../kernel/world.ts'
import { removeIfThere } from './optional-files.ts'

/**
 * Questions and answers between the processes of one host, over two ZeroMQ sockets: the server binds PULL at a known path, the caller binds PULL at a path of
 * its own and names it in the question. (invented)
 */
const Question = z.object({ id: z.number(), answerTo: z.string(), request: z.unknown() })
const Answer = z.object({ id: z.number(), answer: z.unknown().optional(), error: z.string().optional() })

/** A call that could not be made or was answered with an error. `code` is ENOENT or ECONNREFUSED when nobody listens. */
export class LocalCallError extends Error {
  readonly code: string | undefined
  constructor(message: string, options?: ErrorOptions & { readonly code?: string | undefined }) {
    super(message, options)
    this.name = 'LocalCallError'
    this.code = options?.code
  }
}

/**
 * Answers calls at `path` until disposed. `handle` gets what the caller sent and the answer is what it resolves to (both JSON); calls are handled side by
 * side. When it throws, the caller's call rejects with the message.
 */
export async function serveCalls(world: World, path: string, handle: (request: unknown) => Promise<unknown>): Promise<AsyncDisposable> {
  const questions = await world.ipc.bindPull(path)
  const serve = async (text: string) => {
    const { id, answerTo, request } = Question.parse(JSON.parse(text))
    const answer = await handle(request).then(
      (value) => ({ id, answer: value }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    )
    await deliver(world, answerTo, JSON.stringify(answer))
  }
  const served = (async () => {
    for await (const [frame] of questions) {
      serve(frame?.toString() ?? '').catch((error: unknown) =>
        world.log.warn('a local call came to nothing', { path, error: String(error) }),
      )
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      await questions[Symbol.asyncDispose]()
      await served
    },
  }
}

/** Sends one message and stays until the other side has taken it and gone: a socket that is closed earlier drops what is still queued. */
async function deliver(world: World, path: string, text: string): Promise<void> {
  await using push = await world.ipc.connectPush(path)
  const gone = peersGone(push)
  await push.send([text])
  await gone
}

function peersGone(push: Push): Promise<void> {
  return new Promise((resolve) => {
    push.onPeers((peers) => {
      if (peers === 0) resolve()
    })
  })
}

/** Calls of one process must not share an answer path. */
const callsOf = new WeakMap<World, number>()

/**
 * Asks the server at `path` and resolves with its answer. Rejects with a `LocalCallError` when nobody listens there, when the server ends before it answers,
 * or when it answers with an error; with the signal's reason when that is aborted.
 */
export async function call(world: World, path: string, request: unknown, signal?: AbortSignal): Promise<unknown> {
  signal?.throwIfAborted()
  const id = (callsOf.get(world) ?? 0) + 1
  callsOf.set(world, id)
  const questions = await connect(world, path)
  const answerTo = `${path}.${world.processes.pid}.${id}`
  const answers = await world.ipc.bindPull(answerTo)
  try {
    const answer = firstMessage(answers)
    const lost = peersGone(questions).then(() => {
      throw new LocalCallError(`the process behind ${path} ended`)
    })
    const aborted = abortion(signal)
    try {
      await questions.send([JSON.stringify({ id, answerTo, request })])
      const text = await Promise.race([answer, lost, aborted.promise])
      const parsed = Answer.parse(JSON.parse(text))
      if (parsed.error !== undefined) throw new LocalCallError(parsed.error)
      return parsed.answer
    } finally {
      aborted.forget()
      // It may still happen when the sockets close, and nobody waits for it any more.
      lost.catch(() => {})
    }
  } finally {
    await questions[Symbol.asyncDispose]()
    await answers[Symbol.asyncDispose]()
    // Some ZeroMQs take the file away themselves.
    await removeIfThere(world.files, answerTo)
  }
}

async function connect(world: World, path: string): Promise<Push> {
  try {
    return await world.ipc.connectPush(path)
  } catch (error) {
    throw new LocalCallError(`nobody answers at ${path}`, { cause: error, code: codeOf(error) })
  }
}

async function firstMessage(answers: AsyncIterable<readonly Buffer[]>): Promise<string> {
  for await (const [frame] of answers) return frame?.toString() ?? ''
  throw new LocalCallError('the socket for the answer was closed')
}

function abortion(signal: AbortSignal | undefined): { readonly promise: Promise<never>; forget(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal?.reason as Error)
  signal?.addEventListener('abort', abort)
  return { promise, forget: () => signal?.removeEventListener('abort', abort) }
}
