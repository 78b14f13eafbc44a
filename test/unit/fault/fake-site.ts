import { CANCONNECT_ROOTS, CONNECTOR_CA } from '../../../shared/contract/device-files.ts'
import type { FaultSite } from '../../../shared/fault/fault.ts'
import type { ExecResult } from '../../../shared/host/host.ts'
import type { HostInfo, LabRequest, LabResponse } from '../../../shared/scenario/lab.ts'
import { answerOfCloud, fakeCloud, type FakeCloud } from './fake-cloud.ts'

/** What the fake estate consists of; faults change it through the site, tests look at it. */
export interface FakeState {
  readonly servers: Record<string, string[]>
  readonly proxies: Record<string, string[] | null>
  readonly disabled: Record<string, string[]>
  readonly sockets: Record<string, boolean>
  /** How far the clocks are ahead, in milliseconds. */
  readonly clocks: Record<string, number>
  /** The stores of certificates of the devices, by path. */
  readonly stores: Record<string, string[]>
  /** What the cloud presents for its names; null is its own certificate. */
  readonly certificates: Record<string, unknown>
  overrides: { id: string }[]
  rules: { id: string }[]
  shapes: { id: string }[]
  outages: { id: string }[]
  readonly cloud: FakeCloud
  settings: { authentication: unknown; deny: string[]; delayMs?: number }
  cloudEnabled: boolean
  sessions: number
}

export const HOSTS: readonly HostInfo[] = [
  { name: 'ftd1', kind: 'ftd', address: '192.0.2.27' },
  { name: 'ftd2', kind: 'ftd', address: '192.0.2.28' },
  { name: 'fmc', kind: 'fmc', address: '192.0.2.20' },
  { name: 'sse', kind: 'cloud', address: '203.0.113.10' },
  { name: 'dns', kind: 'dns', address: '192.0.2.11' },
  { name: 'gateway', kind: 'gateway', address: '192.0.2.1' },
  { name: 'proxy', kind: 'proxy', address: '192.0.2.80' },
]

const NOW_MS = Date.UTC(2026, 0, 5, 8)

export interface FakeSite extends FaultSite {
  readonly state: FakeState
  /** Everything that was done to hosts, in order: `ftd1 pmtool …`, `dns POST /v1/overrides`. */
  readonly done: string[]
  /** When it says true, that change fails without an effect. */
  breaks: (change: string) => boolean
  /** Whether the gateway can delay packets. */
  canDelay: boolean
}

/** An estate of two devices in memory that understands the commands and requests that faults use. */
export function fakeSite(): FakeSite {
  const state: FakeState = {
    servers: { ftd1: ['192.0.2.11'], ftd2: ['192.0.2.11', '192.0.2.12'] },
    proxies: { ftd1: null, ftd2: ['192.0.2.80', '3128', 'old', 'secret'] },
    disabled: { ftd1: [], ftd2: ['snort3'] },
    sockets: { ftd1: true, ftd2: true },
    clocks: { ftd1: 0, ftd2: 0, fmc: 0 },
    stores: { ftd1: [CONNECTOR_CA, CANCONNECT_ROOTS], ftd2: [CONNECTOR_CA, CANCONNECT_ROOTS] },
    certificates: { 'api-sse.cisco.com': null, 'est.sco.cisco.com': null },
    overrides: [],
    rules: [],
    shapes: [],
    outages: [],
    cloud: fakeCloud(),
    settings: { authentication: null, deny: ['blocked.example'] },
    cloudEnabled: true,
    sessions: 0,
  }
  const done: string[] = []
  let made = 0
  const site: FakeSite = {
    state,
    done,
    breaks: () => false,
    canDelay: true,
    hosts: async () => HOSTS,
    now: () => NOW_MS,
    async exec(host, command, options) {
      // Hosts take time: another change may begin meanwhile.
      await Promise.resolve()
      done.push(`${host} ${command}`)
      if (site.breaks(`${host} ${command}`)) return outcome(1, 'broken\n')
      return obey(state, host, command, options?.input ?? '')
    },
    async request(host, request) {
      await Promise.resolve()
      done.push(`${host} ${request.method} ${request.path}`)
      if (site.breaks(`${host} ${request.method} ${request.path}`)) return { status: 500, headers: {}, body: { error: 'broken' } }
      if (!site.canDelay && request.path === '/v1/shapes' && Object.hasOwn(request.body as object, 'delayMs'))
        return { status: 501, headers: {}, body: { error: 'no sch_netem here' } }
      return request.servername === undefined ? answer(state, request, () => String(++made)) : answerOfCloud(state.cloud, request)
    },
  }
  return site
}

function outcome(exitCode: number, output = ''): ExecResult {
  return { exitCode, output, stdout: output, stderr: '' }
}

function obey(state: FakeState, host: string, command: string, input: string): ExecResult {
  const [first, ...words] = command.split(' ')
  if (command.startsWith('if [ -f /etc/resolv.conf ]'))
    return outcome(0, state.servers[host]!.map((server) => `nameserver ${server}\n`).join(''))
  if (command.startsWith('if [ -f /ngfw/etc/sf/proxy.conf ]')) {
    const names = ['address', 'port', 'user', 'password']
    return outcome(0, (state.proxies[host] ?? []).map((value, index) => `${names[index]}=${value}\n`).join(''))
  }
  if (command.startsWith('configure network dns servers ')) {
    state.servers[host] = words[3] === 'none' ? [] : words[3]!.split(',')
    return outcome(0)
  }
  if (command === 'configure network http-proxy-disable') {
    state.proxies[host] = null
    return outcome(0)
  }
  if (command === 'configure network http-proxy') {
    const [address, port, authenticate, user, password] = input.split('\n')
    state.proxies[host] = authenticate === 'y' ? [address!, port!, user!, password!] : [address!, port!]
    return outcome(0)
  }
  const looked = /^if \[ -f (\S+) \]; then echo there; fi$/.exec(command)
  if (looked !== null) return outcome(0, state.stores[host]!.includes(looked[1]!) ? 'there\n' : '')
  const moved = /^\[ ! -f (\S+) \] \|\| mv (\S+) (\S+)$/.exec(command)
  if (moved !== null) {
    state.stores[host] = state.stores[host]!.map((path) => (path === moved[2] ? moved[3]! : path))
    return outcome(0)
  }
  if (command === 'date +%s') return outcome(0, `${Math.floor((NOW_MS + state.clocks[host]!) / 1_000)}\n`)
  if (command.startsWith('date -s @')) {
    state.clocks[host] = Math.round(Number(words[1]!.slice(1)) * 1_000) - NOW_MS
    return outcome(0)
  }
  if (command === 'curl -s -X DELETE http://localhost:8989/v1/contexts/default') state.cloud.registered[host] = true
  if (first === 'pmtool') return pmtool(state, host, words)
  if (first === 'rm') state.sockets[host] = false
  return outcome(0)
}

function pmtool(state: FakeState, host: string, [verb, id]: string[]): ExecResult {
  const names = ['EventHandler', 'SSEConnector', 'snort3']
  if (verb === 'status') {
    const rows = names.map(
      (name, index) =>
        `${name} (normal) - ${state.disabled[host]!.includes(name) ? 'User Disabled' : `Running ${100 + index}`}\nCommand: x\n`,
    )
    return outcome(0, `Received status (0): \nDaemons:\n${rows.join('\n')}`)
  }
  state.disabled[host] = state.disabled[host]!.filter((name) => verb === 'restartbyid' || name !== id)
  if (verb === 'disablebyid') state.disabled[host] = [...state.disabled[host], id!].toSorted()
  if (verb === 'restartbyid' && id === 'EventHandler') state.sockets[host] = true
  return outcome(0)
}

function answer(state: FakeState, { method, path, body, headers }: LabRequest, nextId: () => string): LabResponse {
  const reply = (status: number, answered?: unknown, answeredHeaders = {}): LabResponse => ({
    status,
    headers: answeredHeaders,
    body: answered,
  })
  const [, , kind, id] = path.split('/') as [string, string, 'overrides' | 'rules' | 'shapes' | 'outages', string?]
  if (path === '/v1/settings') {
    if (method === 'PUT') state.settings = body as FakeState['settings']
    return reply(200, state.settings)
  }
  if (path === '/v1/certificates') {
    return reply(
      200,
      Object.entries(state.certificates).map(([name, presented]) => ({ name, replaced: presented !== null })),
    )
  }
  if (path.startsWith('/v1/certificates/')) {
    state.certificates[id!] = method === 'PUT' ? body : null
    return reply(method === 'PUT' ? 200 : 204)
  }
  if (path.startsWith('/v1/')) {
    if (method === 'POST') {
      state[kind] = [{ id: nextId(), ...(body as object) }, ...state[kind]]
      return reply(201, state[kind][0])
    }
    const found = state[kind].some((object) => object.id === id)
    state[kind] = state[kind].filter((object) => object.id !== id)
    return found ? reply(204) : reply(404, { error: 'there is none' })
  }
  if (path.endsWith('/generatetoken')) {
    if (headers?.['authorization'] !== `Basic ${Buffer.from('admin:Admin123').toString('base64')}`) return reply(401)
    state.sessions++
    return reply(204, undefined, { 'x-auth-access-token': 'token', domain_uuid: 'the-domain' })
  }
  if (headers?.['x-auth-access-token'] !== 'token') return reply(401)
  if (path.endsWith('/revokeaccess')) {
    state.sessions--
    return reply(204)
  }
  if (path !== '/api/fmc_config/v1/domain/the-domain/integration/cloudservices') return reply(404)
  if (method === 'PUT') state.cloudEnabled = (body as { enabled: boolean }).enabled
  return reply(200, { enabled: state.cloudEnabled })
}
