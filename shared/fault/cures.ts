import { LabError } from '../kernel/errors.ts'
import type { Cure } from './fault.ts'

/**
 * Makes several changes as one: all of them, or none. The cure takes them back, newest first; it tries all of them and, when some fail,
 * rejects and takes only those back when it is called again.
 */
export async function injectAll(steps: readonly (() => Promise<Cure>)[]): Promise<Cure> {
  const cures: Cure[] = []
  try {
    for (const step of steps) cures.push(await step())
  } catch (error) {
    await cureAll(cures).catch((undoing: unknown) => {
      throw new AggregateError([error, undoing], `${messageOf(error)}; what had been done could not be taken back: ${messageOf(undoing)}`, {
        cause: error,
      })
    })
    throw error
  }
  return once(() => cureAll(cures))
}

/** A cure that may be called again only while it has not succeeded. */
export function once(cure: Cure): Cure {
  let done = false
  return async () => {
    if (done) throw new LabError('LAB_NO_SUCH_FAULT', 'this fault is cured already')
    await cure()
    done = true
  }
}

async function cureAll(cures: Cure[]): Promise<void> {
  const errors: unknown[] = []
  const failed: Cure[] = []
  for (const cure of cures.splice(0).toReversed()) {
    try {
      await cure()
    } catch (error) {
      errors.push(error)
      failed.unshift(cure)
    }
  }
  cures.push(...failed)
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('; '))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
