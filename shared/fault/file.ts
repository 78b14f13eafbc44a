import { z } from 'zod'
import { EVENT_SOCKET } from '../contract/ingest.ts'
import { coverSetting } from './covered.ts'
import { injectAll } from './cures.ts'
import { run } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern } from './parameters.ts'

/**
 * The socket of EventHandler is not there when the connector starts, as after the upgrade of seed B: the file is removed, and the
 * connector started again. The cure lets EventHandler make it anew.
 */
export const fileSocketMissing = defineKind({
  summary: 'the connector does not find the socket of EventHandler',
  schema: z.strictObject({ kind: z.literal('file.socket-missing'), host: HostPattern.describe('the device, or several: ftd1, ftd*') }),
  explain: ({ host }) => `On ${host} the socket ${EVENT_SOCKET} was missing when SSEConnector started.`,
  async inject({ host }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    return injectAll(
      devices.map(({ name }) => () => {
        const asRoot = (command: string) => run(site, name, command, { shell: 'root' })
        const setting = {
          key: `${name} EventHandler socket`,
          read: () => Promise.resolve('present'),
          apply: async (value: string) => {
            await asRoot(value === 'missing' ? `rm -f ${EVENT_SOCKET}` : 'pmtool restartbyid EventHandler')
            await asRoot('pmtool restartbyid SSEConnector')
          },
        }
        return coverSetting(site, setting, 'missing')
      }),
    )
  },
})
