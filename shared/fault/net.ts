import { z } from 'zod'
import type { GatewayRule, GatewayShape } from '../contract/admin.ts'
import { LabError } from '../kernel/errors.ts'
import { parsePrefix } from '../kernel/ip.ts'
import { injectAll } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { addObject } from './hands.ts'
import { hostsMatching, hostsOfKind } from './hosts.ts'
import { defineKind } from './kind.ts'
import { DelayMs, DnsName, HostPattern, Port } from './parameters.ts'
import { slowProxies } from './proxy.ts'
import { besideTheProxy, type GatewayTraffic } from './through-proxy.ts'

const Peer = z.union([z.ipv4(), z.cidrv4(), DnsName, HostPattern], {
  error: 'write an address (203.0.113.10), a prefix (203.0.113.0/24), a name (api-sse.cisco.com), or a host of the lab (ftd1, ftd*)',
})

const parameters = {
  to: Peer.describe('where the packets go: an address, a prefix, a name (whatever addresses it has) or a host of the lab'),
  from: Peer.optional().describe('where they come from, written likewise; anywhere unless given'),
  port: Port.optional().describe('their destination port; every port unless given'),
}

/** A firewall on the way swallows packets. */
export const netDrop = defineKind({
  summary: 'the gateway drops packets without a word',
  schema: z.strictObject({ kind: z.literal('net.drop'), ...parameters }),
  explain: (fault) => `The gateway drops ${traffic(fault)}.`,
  inject: (fault, site) => block(site, 'drop', fault),
})

/** A firewall on the way refuses connections. */
export const netReject = defineKind({
  summary: 'the gateway refuses connections (reset)',
  schema: z.strictObject({ kind: z.literal('net.reject'), ...parameters }),
  explain: (fault) => `The gateway rejects ${traffic(fault)}.`,
  inject: (fault, site) => block(site, 'reject', fault),
})

/** A line on the way is long, or full. */
export const netDelay = defineKind({
  summary: 'the gateway delays packets',
  schema: z.strictObject({
    kind: z.literal('net.delay'),
    ...parameters,
    delayMs: DelayMs.describe('how long each packet is held back, and each answer: a round trip takes twice as long; milliseconds'),
  }),
  explain: (fault) => `The gateway delays ${traffic(fault)} by ${fault.delayMs} ms, and the answers likewise.`,
  async inject(fault, site) {
    const meant = await resolved(site, fault)
    try {
      return await onGateways(site, '/v1/shapes', { ...meant, delayMs: fault.delayMs } satisfies GatewayShape)
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== 'LAB_NOT_EMULATED') throw error
      return delayAtProxy(site, meant, fault.delayMs, error.message)
    }
  },
})

/** A line on the way is bad. */
export const netLoss = defineKind({
  summary: 'the gateway loses some of the packets',
  schema: z.strictObject({
    kind: z.literal('net.loss'),
    ...parameters,
    percent: z.int().min(1).max(100).describe('how many of a hundred packets are lost, and of the answers'),
  }),
  explain: (fault) => `The gateway loses ${fault.percent} % of ${traffic(fault)}, and of the answers.`,
  async inject(fault, site) {
    return onGateways(site, '/v1/shapes', { ...(await resolved(site, fault)), lossPercent: fault.percent } satisfies GatewayShape)
  },
})

interface Traffic {
  readonly to: string
  readonly from?: string | undefined
  readonly port?: number | undefined
}

function traffic({ to, from, port }: Traffic): string {
  return `packets ${from === undefined ? '' : `from ${from} `}to ${to}${port === undefined ? '' : ` port ${port}`}`
}

async function block(site: FaultSite, action: 'drop' | 'reject', fault: Traffic): Promise<Cure> {
  return onGateways(site, '/v1/rules', { action, ...(await resolved(site, fault)) } satisfies GatewayRule)
}

/** The traffic as the gateway's rules and shapes have it. Throws `LAB_BAD_INPUT` when it does not pass the gateway. */
async function resolved(site: FaultSite, { to, from, port }: Traffic): Promise<{ to: string[]; from?: string[]; port?: number }> {
  const targets = await addressed(site, to)
  const sources = from === undefined ? undefined : await addressed(site, from)
  const neighbours = sources?.find((source) => targets.every((target) => inOneNetwork(source, target)))
  if (neighbours !== undefined) {
    throw new LabError('LAB_BAD_INPUT', `${from} and ${to} are in one network: packets between them do not pass the gateway`)
  }
  return { to: targets, ...(sources && { from: sources }), ...(port !== undefined && { port }) }
}

async function onGateways(site: FaultSite, path: string, entry: object): Promise<Cure> {
  const gateways = await hostsOfKind(site, 'gateway')
  return injectAll(
    gateways.map(
      ({ name }) =>
        () =>
          addObject(site, name, path, entry),
    ),
  )
}

/**
 * Where the gateway's kernel cannot delay, the proxy can, for traffic that passes it: the same time in each direction, but for everything that passes. Throws
 * `LAB_NOT_EMULATED` for other traffic.
 */
async function delayAtProxy(site: FaultSite, meant: GatewayTraffic, delayMs: number, because: string): Promise<Cure> {
  const beside = await besideTheProxy(site, meant)
  if (beside !== undefined) throw new LabError('LAB_NOT_EMULATED', `${because}; the proxy cannot do it instead, for ${beside}`)
  const cure = await slowProxies(site, delayMs)
  return Object.assign(() => cure(), { note: `Done at the proxy, for everything that passes it: ${because}.` })
}

/** What a gateway rule says for a parameter: hosts of the lab by their addresses, everything else as it is written. */
async function addressed(site: FaultSite, text: string): Promise<string[]> {
  // A name with a dot is one of the DNS, without it is a host of the lab.
  if (parsePrefix(text) !== undefined || (text.includes('.') && !text.includes('*'))) return [text]
  const hosts = await hostsMatching(site, text)
  const cloud = hosts.find((host) => host.kind === 'cloud')
  if (cloud !== undefined) {
    throw new LabError(
      'LAB_BAD_INPUT',
      `${cloud.name} has many addresses: write a name that it serves such as api-sse.cisco.com, or a prefix such as 203.0.113.0/24`,
    )
  }
  return hosts.map((host) => host.address)
}

/** The lab's networks are /24: two addresses of one of them reach each other directly. */
function inOneNetwork(a: string, b: string): boolean {
  const [left, right] = [parsePrefix(a), parsePrefix(b)]
  return left !== undefined && right !== undefined && left.base >>> 8 === right.base >>> 8
}
