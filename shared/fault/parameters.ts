import { z } from 'zod'
import { MOST_DELAY_MS, type Turns } from '../contract/admin.ts'
import { REGION_IDS } from '../contract/region.ts'

/** A host, or several by a pattern. */
export const HostPattern = z
  .string()
  .regex(/^[A-Za-z0-9*][A-Za-z0-9.*-]*$/, { error: 'write a host of the lab such as ftd1, or a pattern such as ftd*' })

/** A name in the DNS; `*.zone` where the parameter allows it. */
export const DnsName = z
  .string()
  .regex(/^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?$/, { error: 'write a name such as api-sse.cisco.com' })

export const Region = z.enum(REGION_IDS, { error: `write a region: ${REGION_IDS.join(', ')}` })

export const Port = z.int().min(1).max(65_535)

/** Lab time. */
export const DelayMs = z.int().min(1).max(MOST_DELAY_MS)

/** Of what a fault is about: the first ones are passed over, then so many are hit. The n-th time is `skip: n - 1, times: 1`. */
export const turns = (what: string) => ({
  skip: z.int().min(1).optional().describe(`how many ${what} are passed over first; none unless given`),
  times: z.int().min(1).optional().describe(`how many ${what} are hit then; all unless given`),
})

/** `skip` and `times` in words, after what they are about; nothing without them. */
export function sayTurns({ skip, times }: Turns): string {
  if (times === undefined) return skip === undefined ? '' : `, but for the first ${skip}`
  if (skip === undefined) return `, the first ${times} of them`
  return `, ${times} of them after the first ${skip}`
}

/** The fields that are given. */
export function turnsOf({ skip, times }: Turns): Turns {
  return { ...(skip !== undefined && { skip }), ...(times !== undefined && { times }) }
}

/** A process as `pmtool` names it. */
export const ProcessName = z.string().regex(/^[A-Za-z][\w.-]*$/, { error: 'write a process as pmtool names it, such as SSEConnector' })

/** What is typed at a prompt: one line. */
export const Typed = z.string().regex(/^[\x21-\x7e]+$/, { error: 'use printable ASCII characters without blanks' })
