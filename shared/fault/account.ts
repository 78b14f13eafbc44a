import { z } from 'zod'
import { REGION_IDS, REGIONS, type RegionId } from '../contract/region.ts'
import { SSE_PATHS, type DeviceList, type SseAccount } from '../contract/sse.ts'
import { LabError } from '../kernel/errors.ts'
import { accountOf, devicesOf, logIn, setAccount, type CloudCall } from '../scenario/cloud-client.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll, once } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { run } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { HostPattern, Region } from './parameters.ts'

/** The documented address of a device's own context (seeds A, B). */
const CONTEXT_URL = 'http://localhost:8989/v1/contexts/default'

const region = Region.optional().describe(`the region whose portal it is: ${REGION_IDS.join(', ')}; that of every region unless given`)

/** Somebody switched Eventing off on the portal's *Cloud Services* page. (FM-065) */
export const accountEventingOff = defineKind({
  summary: 'Eventing is switched off in the SSE portal',
  schema: z.strictObject({ kind: z.literal('account.eventing-off'), region }),
  explain: (fault) => `Eventing is switched off under Cloud Services in ${portal(fault)}.`,
  inject: (fault, site) => coverInPortals(site, fault.region, eventing, false),
})

/** The virtual account that is linked in the portal has no licences for security devices. (seed A) */
export const accountNoLicences = defineKind({
  summary: 'the linked virtual account has no security licences',
  schema: z.strictObject({ kind: z.literal('account.no-licences'), region }),
  explain: (fault) => `The virtual account that is linked in ${portal(fault)} has no licences for security devices.`,
  inject: (fault, site) => coverInPortals(site, fault.region, securityLicences, false),
})

/** Somebody removed a device on the portal's *Devices* page. What is removed does not come back by itself: the cure enrols the device anew. (FM-064) */
export const accountDeviceRemoved = defineKind({
  summary: 'a device is removed in the SSE portal',
  schema: z.strictObject({ kind: z.literal('account.device-removed'), host: HostPattern.describe('the device, or several: ftd1, ftd*') }),
  explain: ({ host }) => `Somebody removed ${host} in the SSE portal.`,
  async inject({ host }, site) {
    const devices = await hostsMatching(site, host, 'ftd')
    return injectAll(
      devices.map(
        ({ name }) =>
          () =>
            removeDevice(site, name),
      ),
    )
  },
})

function portal({ region: of }: { readonly region?: RegionId | undefined }): string {
  return of === undefined ? 'the SSE portal of every region' : `the SSE portal of ${REGIONS[of].name}`
}

/** One switch of an account. */
interface Switch {
  readonly name: string
  of(account: SseAccount): boolean
  with(account: SseAccount, value: boolean): SseAccount
}

const eventing: Switch = {
  name: 'Eventing',
  of: ({ services }) => services.eventing,
  with: (account, value) => ({ ...account, services: { ...account.services, eventing: value } }),
}

const securityLicences: Switch = {
  name: 'security licences',
  of: ({ virtualAccount }) => virtualAccount.securityLicences,
  with: (account, value) => ({ ...account, virtualAccount: { ...account.virtualAccount, securityLicences: value } }),
}

function coverInPortals(site: FaultSite, only: RegionId | undefined, which: Switch, value: boolean): Promise<Cure> {
  const regions = only === undefined ? REGION_IDS : [only]
  return injectAll(regions.map((of) => () => coverSetting(site, switchIn(site, of, which), value)))
}

function switchIn(site: FaultSite, of: RegionId, which: Switch): Setting<boolean> {
  return {
    key: `portal ${of} ${which.name}`,
    read: async () => which.of(await accountOf(await logIn(site, of))),
    async apply(value) {
      const call = await logIn(site, of)
      await setAccount(call, which.with(await accountOf(call), value))
    },
  }
}

type CloudDevice = DeviceList['items'][number]

async function removeDevice(site: FaultSite, name: string): Promise<Cure> {
  const found = await findDevice(site, name)
  if (found === undefined)
    throw new LabError(
      'LAB_BAD_INPUT',
      `${name} is on the Devices page of no region's portal: only what is registered and shown there can be removed`,
    )
  await found.call({ method: 'DELETE', path: `${SSE_PATHS.devices}/${found.device.id}` }, 202)
  return once(async () => {
    // Whoever had the lesson may have enrolled it again already.
    if ((await findDevice(site, name)) !== undefined) return
    // Without a context the device enrols in the next round of its action queue, or in the one that begins with the daemon.
    await run(site, name, `curl -s -X DELETE ${CONTEXT_URL}`, { shell: 'root' })
    await run(site, name, 'pmtool restartbyid ActionQueueScrape', { shell: 'root' })
  })
}

/** Looks a device up in the portals of all regions. */
async function findDevice(site: FaultSite, name: string): Promise<{ readonly call: CloudCall; readonly device: CloudDevice } | undefined> {
  for (const of of REGION_IDS) {
    const call = await logIn(site, of)
    const device = (await devicesOf(call)).find((candidate) => candidate.name === name)
    if (device !== undefined) return { call, device }
  }
  return undefined
}
