import { z } from 'zod'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 }

/** `250ms`, `10s`, `5m`, `2h`, `1d`, `1y` (365 days) in milliseconds, or undefined when the text is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|y)$/.exec(text)
  return match ? Number(match[1]) * UNITS[match[2]!]! : undefined
}

/** A duration with its sign, `-400d` or `+2y`, in milliseconds, or undefined when the text is none. */
export function parseOffsetMs(text: string): number | undefined {
  const durationMs = /^[+-]/.test(text) ? parseDurationMs(text.slice(1)) : undefined
  return durationMs === undefined ? undefined : text.startsWith('-') ? -durationMs : durationMs
}

/** A duration as people write it in YAML and on the command line; parses to milliseconds. */
export const DurationMs = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, { error: 'write a duration such as 250ms, 10s, 5m, 2h' })
  .transform((text) => parseDurationMs(text)!)
