import { PROXY_FILE } from '../contract/device-files.ts'
import { LabError } from '../kernel/errors.ts'
import type { Setting } from './covered.ts'
import type { FaultSite } from './fault.ts'
import { readFile, run } from './hands.ts'

export interface DeviceProxy {
  readonly host: string
  readonly port: number
  readonly user?: string
  readonly password?: string
}

/** The HTTP proxy of a device, or null without one. It is set through the prompts of `configure network http-proxy`. */
export function proxySetting(site: FaultSite, host: string): Setting<DeviceProxy | null> {
  const read = async () => parseProxy(await readFile(site, host, PROXY_FILE))
  return {
    key: `${host} HTTP proxy`,
    read,
    async apply(proxy) {
      const answer =
        proxy === null
          ? await run(site, host, 'configure network http-proxy-disable', { shell: 'clish' })
          : await run(site, host, 'configure network http-proxy', { shell: 'clish', input: answersTo(proxy) })
      const now = await read()
      // The command line says in words what it did not do; the file says it surely.
      if (JSON.stringify(now) !== JSON.stringify(proxy)) {
        throw new LabError(
          'LAB_STATE_BROKEN',
          `${host} uses ${now === null ? 'no HTTP proxy' : `the HTTP proxy ${now.host}:${now.port}`} still: ${answer.trim()}`,
        )
      }
    },
  }
}

/** What an administrator types at the prompts: address, port, whether to authenticate, and the password twice. */
function answersTo({ host, port, user, password }: DeviceProxy): string {
  const credentials = user === undefined ? ['n'] : ['y', user, password ?? '', password ?? '']
  return [host, String(port), ...credentials].map((line) => `${line}\n`).join('')
}

function parseProxy(text: string): DeviceProxy | null {
  const values = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))
  const [host, port, user, password] = ['address', 'port', 'user', 'password'].map((name) => values.get(name))
  if (host === undefined || port === undefined) return null
  return { host, port: Number(port), ...(user !== undefined && { user, password: password ?? '' }) }
}
