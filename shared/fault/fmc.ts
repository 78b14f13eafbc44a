import { z } from 'zod'
import { OPERATOR } from '../contract/topology.ts'
import type { LabRequest } from '../scenario/lab.ts'
import { coverSetting, type Setting } from './covered.ts'
import { injectAll } from './cures.ts'
import type { FaultSite } from './fault.ts'
import { ask } from './hands.ts'
import { hostsOfKind } from './hosts.ts'
import { defineKind } from './kind.ts'

const AUTH = '/api/fmc_platform/v1/auth'

/** Somebody switched *Cisco Cloud Event Configuration* off; the FMC broadcasts it to its devices. */
export const fmcCloudOff = defineKind({
  summary: 'the cloud event configuration of the FMC is switched off',
  schema: z.strictObject({ kind: z.literal('fmc.cloud-off') }),
  explain: () => 'Cisco Cloud Event Configuration is switched off on the FMC.',
  async inject(_fault, site) {
    const fmcs = await hostsOfKind(site, 'fmc')
    return injectAll(
      fmcs.map(
        ({ name }) =>
          () =>
            coverSetting(site, cloudSwitch(site, name), false),
      ),
    )
  },
})

function cloudSwitch(site: FaultSite, host: string): Setting<boolean> {
  return {
    key: `${host} cloud event configuration`,
    read: () =>
      asAdministrator(site, host, async (domain, call) => {
        const { body } = await call({ method: 'GET', path: `/api/fmc_config/v1/domain/${domain}/integration/cloudservices` }, 200)
        return z.object({ enabled: z.boolean() }).parse(body).enabled
      }),
    apply: (enabled) =>
      asAdministrator(site, host, async (domain, call) => {
        await call({ method: 'PUT', path: `/api/fmc_config/v1/domain/${domain}/integration/cloudservices`, body: { enabled } }, 200)
      }),
  }
}

type Call = (request: LabRequest, expected: number) => Promise<{ readonly body: unknown }>

/** Does something in a session of its own of the FMC's REST API. */
async function asAdministrator<T>(site: FaultSite, host: string, work: (domain: string, call: Call) => Promise<T>): Promise<T> {
  const { user, password } = OPERATOR
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const { headers } = await ask(site, host, { method: 'POST', path: `${AUTH}/generatetoken`, headers: { authorization } }, [204])
  const session = { 'x-auth-access-token': headers['x-auth-access-token'] ?? '' }
  const call: Call = (request, expected) => ask(site, host, { ...request, headers: session }, [expected])
  try {
    return await work(headers['domain_uuid'] ?? '', call)
  } finally {
    await call({ method: 'POST', path: `${AUTH}/revokeaccess` }, 204)
  }
}
