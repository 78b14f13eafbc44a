import { EVENT_LOG, eventSegment } from '../../shared/contract/event.ts'
import { readText } from '../../shared/host/optional-files.ts'
import type { World } from '../../shared/kernel/world.ts'

/**
 * Keeps what a device removes of its event log, from now on. The result resolves with every line that was ever in the log, in order: an event's number is its place,
 * from 1.
 */
export function archiveEvents({ files }: World): () => Promise<readonly string[]> {
  /** Of the parts that were set aside. A part stays until the next one is, so that nobody has to hurry. */
  const kept: string[] = []

  async function keep(): Promise<void> {
    for (;;) {
      const first = kept.length + 1
      const text = await readText(files, eventSegment(first))
      if (text === undefined) return
      // Two may look at the same time.
      if (kept.length + 1 === first) kept.push(...linesOf(text))
    }
  }

  files.watch(EVENT_LOG, () => void keep())
  return async () => {
    await keep()
    return [...kept, ...linesOf((await readText(files, EVENT_LOG)) ?? '')]
  }
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)
