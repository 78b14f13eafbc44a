import { z } from 'zod'
import type { HostKind } from '../host/host.ts'
import { parseOffsetMs } from '../kernel/duration.ts'
import { LabError } from '../kernel/errors.ts'
import type { HostInfo } from '../scenario/lab.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { FaultSite } from './fault.ts'
import { run } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern } from './parameters.ts'

/** Hosts with a shell in which a clock can be set. */
const APPLIANCES: ReadonlySet<HostKind> = new Set(['ftd', 'fmc'])
/** `date` tells whole seconds, and a host takes its time to answer: what differs by less is right. */
const RIGHT_WITHIN_MS = 60_000

/** Somebody set an appliance's clock by hand, or its battery is empty; nothing sets it right. The cure does, by the watch of whoever cures. (FM-038) */
export const timeWrong = defineKind({
  summary: "an appliance's clock is wrong",
  schema: z.strictObject({
    kind: z.literal('time.wrong'),
    host: HostPattern.describe('the appliance, or several: ftd1, ftd*, fmc'),
    by: z
      .string()
      .refine((text) => parseOffsetMs(text) !== undefined, { error: 'write how far the clock is off, with its sign: -400d, +2y, -90m' })
      .describe('how far its clock is off, with the sign: -400d is slow, +2y is fast'),
  }),
  explain: ({ host, by }) => `The clock of ${host} is ${by.slice(1)} ${by.startsWith('-') ? 'slow' : 'fast'}.`,
  async inject({ host, by }, site) {
    const appliances = await appliancesMatching(site, host)
    return injectAll(
      appliances.map(
        ({ name }) =>
          () =>
            coverSetting(site, aheadOf(site, name), parseOffsetMs(by)!),
      ),
    )
  },
})

async function appliancesMatching(site: FaultSite, pattern: string): Promise<readonly HostInfo[]> {
  const appliances = (await hostsMatching(site, pattern)).filter(({ kind }) => APPLIANCES.has(kind))
  if (appliances.length === 0) throw new LabError('LAB_BAD_INPUT', `${pattern} has no clock that could be set: name an ftd or fmc host`)
  return appliances
}

/** How many milliseconds a host's clock is ahead of the right time. */
function aheadOf(site: FaultSite, host: string): Setting<number> {
  return {
    key: `${host} clock`,
    async read() {
      const aheadMs = Number(await run(site, host, 'date +%s', { shell: 'root' })) * 1_000 - site.now()
      return Math.abs(aheadMs) < RIGHT_WITHIN_MS ? 0 : aheadMs
    },
    async apply(aheadMs) {
      await run(site, host, `date -s @${(site.now() + aheadMs) / 1_000}`, { shell: 'root' })
    },
  }
}
