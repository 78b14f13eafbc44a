import { accountOf, logIn, setAccount } from './cloud-client.ts'
import { fmcConfig } from './fmc-client.ts'
import type { Lab } from './lab.ts'
import { MODULES, type Step } from './schema.ts'

/** Does what a step says, as a person at that place would. Returns what was seen. */
export async function perform(lab: Lab, step: Step): Promise<string> {
  if ('wait' in step) {
    await lab.pass(step.wait)
    return ''
  }
  if ('on' in step) {
    const [shell, command] =
      'clish' in step
        ? (['clish', step.clish] as const)
        : 'expert' in step
          ? (['expert', step.expert] as const)
          : (['root', step.root] as const)
    const input = step.input === undefined ? {} : { input: step.input.map((line) => `${line}\n`).join('') }
    return (await lab.exec(step.on, command, { shell, ...input })).output
  }
  if ('gateway' in step) {
    const { from, to, port } = step
    const rule = { action: 'accept', ...(from && { from }), ...(to && { to }), ...(port && { port }) }
    return JSON.stringify(await lab.request('gateway', { method: 'POST', path: '/v1/rules', body: rule }))
  }
  if ('dns' in step) {
    const overrides = (await lab.request('dns', { method: 'GET', path: '/v1/overrides' })).body as { items: { id: string }[] }
    for (const { id } of overrides.items) await lab.request('dns', { method: 'DELETE', path: `/v1/overrides/${id}` })
    return `removed ${overrides.items.length} overrides`
  }
  if ('proxy' in step) {
    return JSON.stringify(await lab.request('proxy', { method: 'PUT', path: '/v1/settings', body: { authentication: null, deny: [] } }))
  }
  if ('portal' in step) return switchEventingOn(lab)
  if (step.fmc === 'health-module-off' || step.fmc === 'health-module-on')
    return setHealthModule(lab, MODULES[step.module], step.fmc === 'health-module-on')
  return setCloud(lab, step.fmc === 'cloud-on')
}

/** Edits the health policy that every device has. Modules may be named as in alerts. */
async function setHealthModule(lab: Lab, moduleId: string, enabled: boolean): Promise<string> {
  const { items } = (await fmcConfig(lab, 'GET', '/policy/healthpolicies')).body as { items: { id: string }[] }
  const policy = `/policy/healthpolicies/${items[0]!.id}`
  return JSON.stringify((await fmcConfig(lab, 'PUT', policy, { healthModules: [{ moduleId, enabled }] })).body)
}

/** *Cloud Services* > Eventing in the portal of the lab's region. */
async function switchEventingOn(lab: Lab): Promise<string> {
  const call = await logIn(lab, lab.region)
  const account = await accountOf(call)
  await setAccount(call, { ...account, services: { ...account.services, eventing: true } })
  return 'Eventing is on'
}

async function setCloud(lab: Lab, enabled: boolean): Promise<string> {
  return JSON.stringify((await fmcConfig(lab, 'PUT', '/integration/cloudservices', { enabled })).body)
}
