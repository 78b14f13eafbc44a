import { z } from 'zod'
import { LabError, oneOf } from '../kernel/errors.ts'
import { coverSetting } from './covered.ts'
import { injectAll, once } from './cures.ts'
import type { FaultSite } from './fault.ts'
import { run } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern, ProcessName } from './parameters.ts'

const parameters = {
  host: HostPattern.describe('the device, or several: ftd1, ftd*'),
  process: ProcessName.describe('the process as pmtool names it: SSEConnector'),
}

/** Somebody switched a process off with `pmtool`. */
export const processDisabled = defineKind({
  summary: 'a process of a device is disabled',
  schema: z.strictObject({ kind: z.literal('process.disabled'), ...parameters }),
  explain: ({ host, process }) => `${process} is disabled on ${host}.`,
  async inject({ host, process }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    return injectAll(
      devices.map(({ name }) => () => {
        const setting = {
          key: `${name} process ${process}`,
          read: async () => ((await statusOf(site, name, process)).state === 'User Disabled' ? 'disabled' : 'enabled'),
          apply: async (value: string) => {
            await run(site, name, `pmtool ${value === 'disabled' ? 'disablebyid' : 'enablebyid'} ${process}`, { shell: 'root' })
          },
        }
        return coverSetting(site, setting, 'disabled')
      }),
    )
  },
})

/** A process dies at once; what it had open goes with it. Its supervisor starts it again, so that there is nothing to take back. */
export const processKilled = defineKind({
  summary: 'a process of a device is killed once',
  schema: z.strictObject({ kind: z.literal('process.killed'), ...parameters }),
  explain: ({ host, process }) => `${process} was killed on ${host}.`,
  async inject({ host, process }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    return injectAll(
      devices.map(({ name }) => async () => {
        const { state, pid } = await statusOf(site, name, process)
        if (pid === undefined) throw new LabError('LAB_BAD_INPUT', `${process} does not run on ${name}: it is ${state}`)
        await run(site, name, `kill -9 ${pid}`, { shell: 'root' })
        return once(async () => {})
      }),
    )
  },
})

interface PmStatus {
  readonly state: string
  readonly pid: number | undefined
}

/** Looks a process up in `pmtool status`. Throws `LAB_BAD_INPUT` with the names that would do when there is none. */
async function statusOf(site: FaultSite, host: string, process: string): Promise<PmStatus> {
  const text = await run(site, host, 'pmtool status', { shell: 'root' })
  const rows = [...text.matchAll(/^(\S+) \(\S+\) - (.*?)(?: (\d+))?$/gm)]
  const row = rows.find((candidate) => candidate[1] === process)
  if (row === undefined)
    throw new LabError('LAB_BAD_INPUT', `${host} has no process ${process}; it has ${oneOf(rows.map((candidate) => candidate[1]!))}`)
  return { state: row[2]!, pid: row[3] === undefined ? undefined : Number(row[3]) }
}
