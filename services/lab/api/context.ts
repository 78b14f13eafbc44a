import type { Log } from '../../../shared/kernel/log.ts'
import type { OperatedLab } from '../operated-lab.ts'
import type { Doors } from '../state/record.ts'

/** What the control API works on. */
export interface ApiContext {
  readonly lab: OperatedLab
  /** What a client must know to change the lab. */
  readonly token: string
  readonly log: Log
  /** The open doors; without the console, whose port the API learns itself. */
  readonly doors: Omit<Doors, 'console'>
  /** Ends the lab in good order, soon: the answer still goes out. */
  end(): void
}
