import { z } from 'zod'
import { parseDurationMs } from '../kernel/duration.ts'

const Duration = z.string().refine((text) => (parseDurationMs(text) ?? 0) > 0, { error: 'write a duration such as 10s, 5m, 2h' })

/** When a fault acts, in lab time from its injection on. Without it: at once and until it is taken back. */
export const FaultTiming = z
  .strictObject({
    after: Duration.optional().describe('how long after its injection it begins'),
    for: Duration.optional().describe('how long it lasts; then it is gone by itself'),
    every: Duration.optional().describe('how often it begins anew, from beginning to beginning'),
    chance: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe("how likely it is, each time, that it begins: 0.25; by the lab's own dice, so that a seed repeats it"),
  })
  .refine(({ every, for: lasts }) => every === undefined || (lasts !== undefined && ms(lasts)! < ms(every)!), {
    error: 'what comes again must go: give `for`, shorter than `every`',
    path: ['every'],
  })
export type FaultTiming = z.infer<typeof FaultTiming>

/** The same in milliseconds. */
export interface FaultTimes {
  readonly afterMs: number | undefined
  readonly forMs: number | undefined
  readonly everyMs: number | undefined
  readonly chance: number
}

export function timesOf({ after, for: lasts, every, chance = 1 }: FaultTiming): FaultTimes {
  return { afterMs: ms(after), forMs: ms(lasts), everyMs: ms(every), chance }
}

/** The timing as the end of an explanation, in a sentence of its own. */
export function explainTiming({ after, for: lasts, every, chance }: FaultTiming): string {
  const parts = [
    after === undefined ? undefined : `begins after ${after}`,
    lasts === undefined ? undefined : `lasts ${lasts}`,
    every === undefined ? undefined : `comes again every ${every}`,
    chance === undefined ? undefined : `comes with a chance of ${Math.round(chance * 100)} %`,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? 'It acts at once.' : `It ${parts.join(', ')}.`
}

function ms(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDurationMs(text)
}
