import { z } from 'zod'
import { CANCONNECT_ROOTS, CONNECTOR_CA } from '../contract/device-files.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { FaultSite } from './fault.ts'
import { run } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern } from './parameters.ts'

/** Each store of certificates, and where somebody put it: the connector's beside it, the probe's out of its folder, which then has no root in it. */
const BUNDLES = {
  connector: { path: CONNECTOR_CA, movedTo: `${CONNECTOR_CA}.bak`, what: `${CONNECTOR_CA} is missing` },
  'can-connect': {
    path: CANCONNECT_ROOTS,
    movedTo: '/ngfw/etc/sf/keys/fireamp/roots.pem.bak',
    what: `the certificates that canConnect trusts (${CANCONNECT_ROOTS}) are missing`,
  },
} as const
type BundleName = keyof typeof BUNDLES

/** A store of trusted certificates was moved away, as by somebody who cleans up. (FM-034, FM-035) */
export const deviceCaMissing = defineKind({
  summary: 'a store of trusted certificates is missing on a device',
  schema: z.strictObject({
    kind: z.literal('device.ca-missing'),
    host: HostPattern.describe('the device, or several: ftd1, ftd*'),
    bundle: z
      .enum(Object.keys(BUNDLES) as [BundleName, ...BundleName[]])
      .describe("connector: the connector's own; can-connect: that of the device's probe"),
  }),
  explain: ({ host, bundle }) => `On ${host} ${BUNDLES[bundle].what}.`,
  async inject({ host, bundle }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    return injectAll(
      devices.map(
        ({ name }) =>
          () =>
            coverSetting(site, placeOf(site, name, bundle), 'moved'),
      ),
    )
  },
})

function placeOf(site: FaultSite, host: string, bundle: BundleName): Setting<'there' | 'moved'> {
  const { path, movedTo } = BUNDLES[bundle]
  const asRoot = (command: string) => run(site, host, command, { shell: 'root' })
  return {
    key: `${host} ${bundle} certificates`,
    read: async () => ((await asRoot(`if [ -f ${path} ]; then echo there; fi`)).trim() === 'there' ? 'there' : 'moved'),
    async apply(place) {
      const [from, to] = place === 'moved' ? [path, movedTo] : [movedTo, path]
      // Whoever put it right meanwhile left nothing to move.
      await asRoot(`[ ! -f ${from} ] || mv ${from} ${to}`)
    },
  }
}
