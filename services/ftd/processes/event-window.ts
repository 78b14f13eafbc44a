import type { EventState } from '../../../shared/contract/event.ts'
import type { IngestAck } from '../../../shared/contract/ingest.ts'
import type { Batch } from './event-spool.ts'

/** So many batches may be without acknowledgement: enough to keep connector and cloud busy while each waits for the disk or the other. */
const MAX_BATCHES = 32

/** The batches that were sent and are not acknowledged, in order; and how far everything before them is done. */
export interface Window {
  readonly isEmpty: boolean
  readonly isFull: boolean
  /** The batches that still want an acknowledgement, oldest first. */
  readonly waiting: readonly Batch[]
  add(batch: Batch): void
  /** Takes note of an acknowledgement; true when more is done than before. */
  acknowledge(ack: IngestAck): boolean
  /** What follows is in another file, from its start. */
  rewind(): void
  readonly done: Pick<EventState, 'acknowledged' | 'skipped' | 'offset'>
}

export function createWindow(start: Pick<EventState, 'acknowledged' | 'skipped' | 'offset'>): Window {
  let { acknowledged, skipped, offset } = start
  const entries: { readonly batch: Batch; acknowledged: boolean }[] = []

  /** Only what follows without a gap is done: a batch may be acknowledged before an older one that was lost on the way. */
  function advance(): boolean {
    let moved = false
    while (entries[0]?.acknowledged === true) {
      const { batch } = entries.shift()!
      acknowledged = batch.last
      skipped += batch.skipped
      offset = batch.endOffset
      moved = true
    }
    return moved
  }

  return {
    get isEmpty() {
      return entries.length === 0
    },
    get isFull() {
      return entries.length >= MAX_BATCHES
    },
    get waiting() {
      return entries.filter((entry) => !entry.acknowledged).map(({ batch }) => batch)
    },
    add(batch) {
      entries.push({ batch, acknowledged: batch.events === 0 })
      advance()
    },
    acknowledge(ack) {
      // After a restart the same events may be cut into other batches: an acknowledgement of an older, shorter one is not enough.
      const entry = entries.find(({ batch }) => batch.first === ack.first && ack.ack >= batch.last)
      if (entry === undefined) return false
      entry.acknowledged = true
      return advance()
    },
    rewind() {
      offset = 0
    },
    get done() {
      return { acknowledged, skipped, offset }
    },
  }
}
