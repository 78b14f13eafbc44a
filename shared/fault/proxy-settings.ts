import { ProxySettings } from '../contract/admin.ts'
import type { Setting } from './covered.ts'
import type { FaultSite } from './fault.ts'
import { ask } from './hands.ts'

const PATH = '/v1/settings'

/** One of the settings of a proxy host; the others are left alone. */
export function proxyHostSetting<K extends keyof ProxySettings>(site: FaultSite, host: string, name: K): Setting<ProxySettings[K]> {
  const settings = async () => ProxySettings.parse((await ask(site, host, { method: 'GET', path: PATH }, [200])).body)
  return {
    key: `${host} ${name}`,
    read: async () => (await settings())[name],
    apply: async (value) => {
      await ask(site, host, { method: 'PUT', path: PATH, body: { ...(await settings()), [name]: value } }, [200])
    },
  }
}
