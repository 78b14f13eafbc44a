import type { ForwardMatch, ForwardShape, Forwarding } from '../kernel/net.ts'
import { inPrefix, parseIp, parsePrefix, type Prefix } from '../kernel/ip.ts'
import type { SimHost } from './host.ts'

export interface Packet {
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly from: string
  readonly to: string
  /** The destination port. */
  readonly port?: number
  /** The source port. */
  readonly fromPort?: number
}

/**
 * What becomes of a packet. `host` is who gets it, after `delayMs`; `seenFrom` the source address that it sees. `byChance`: the dice had a say, and the next
 * packet may fare otherwise.
 */
export type Fate =
  | {
      readonly kind: 'delivered'
      readonly host: SimHost
      readonly seenFrom: string
      readonly hops: number
      readonly delayMs: number
      readonly byChance: boolean
    }
  | { readonly kind: 'lost'; readonly byChance: boolean }
  | { readonly kind: 'rejected' }
  /** Nobody answers for this address in a network that is directly attached. */
  | { readonly kind: 'no-neighbour' }
  | { readonly kind: 'no-route' }

const LOST: Fate = { kind: 'lost', byChance: false }
const LOST_BY_CHANCE: Fate = { kind: 'lost', byChance: true }
/** A way without a bad stretch. */
const GOOD_WAY: Way = { delayMs: 0, losses: [] }
const LOOPBACK = parsePrefix('127.0.0.0/8')!

/** Follows a packet from a host to wherever it ends. */
export function fateOf(sender: SimHost, hostAt: (address: string) => SimHost | undefined, packet: Packet): Fate {
  const to = parseIp(packet.to)
  if (to === undefined) return { kind: 'no-route' }
  if (inPrefix(to, LOOPBACK) || sender.ownsAddress(packet.to)) return arrived(sender, packet.from, 0)
  const direct = sender.interfaceTowards(to)
  if (direct !== undefined) {
    const host = hostAt(packet.to)
    return host === undefined ? { kind: 'no-neighbour' } : arrived(host, packet.from, 0)
  }
  const gatewayAddress = sender.interfaces.find((i) => i.gateway !== undefined)?.gateway
  if (gatewayAddress === undefined) return { kind: 'no-route' }
  const router = hostAt(gatewayAddress)
  if (router === undefined) return { kind: 'no-neighbour' }
  return routed(router, hostAt, packet, to)
}

function routed(router: SimHost, hostAt: (address: string) => SimHost | undefined, packet: Packet, to: number): Fate {
  if (router.ownsAddress(packet.to)) return arrived(router, packet.from, 1)
  const forwarding = router.forwarding
  if (forwarding === undefined) return LOST
  const way = forwarding.way(packet)
  if (way.losses.some((probability) => router.forwardingDice.chance(probability))) return LOST_BY_CHANCE
  const verdict = forwarding.judge(packet)
  if (verdict === 'reject') return { kind: 'rejected' }
  if (verdict === 'drop') return LOST
  const out = router.interfaceTowards(to)
  if (out === undefined) return { kind: 'no-route' }
  const host = hostAt(packet.to)
  if (host === undefined) return LOST
  const from = parseIp(packet.from)
  const masqueraded = packet.protocol === 'tcp' && from !== undefined && forwarding.masquerades(from)
  return arrived(host, masqueraded ? out.address : packet.from, 1, way)
}

function arrived(host: SimHost, seenFrom: string, hops: number, way = GOOD_WAY): Fate {
  return { kind: 'delivered', host, seenFrom, hops, delayMs: way.delayMs, byChance: way.losses.length > 0 }
}

/** How bad the way of a packet is. */
interface Way {
  readonly delayMs: number
  /** The probabilities with which it is lost, one after the other. */
  readonly losses: readonly number[]
}

/** A router's rules, ready to judge packets. */
export interface CompiledForwarding {
  judge(packet: Packet): 'accept' | 'drop' | 'reject'
  way(packet: Packet): Way
  masquerades(source: number): boolean
}

export function compileForwarding(forwarding: Forwarding): CompiledForwarding {
  const rules = forwarding.rules.map(compiled)
  const shapes = (forwarding.shapes ?? []).map(compiled)
  const masquerade = forwarding.masquerade === undefined ? undefined : prefixes([forwarding.masquerade])![0]!
  return {
    judge: (packet) => {
      const [from, to] = endsOf(packet)
      return rules.find((rule) => matches(rule, packet, from, to))?.match.action ?? forwarding.otherwise
    },
    way: (packet) => (shapes.length === 0 ? GOOD_WAY : wayThrough(shapes, packet)),
    masquerades: (source) => masquerade !== undefined && inPrefix(source, masquerade),
  }
}

function wayThrough(shapes: readonly Compiled<ForwardShape>[], packet: Packet): Way {
  const asked = answeredBy(packet)
  const [from, to] = endsOf(packet)
  const bad = shapes.filter((shape) => matches(shape, packet, from, to) || matches(shape, asked, to, from)).map(({ match }) => match)
  return {
    delayMs: bad.find(({ delayMs }) => delayMs !== undefined)?.delayMs ?? 0,
    losses: bad.flatMap(({ lossPercent }) => (lossPercent === undefined ? [] : [lossPercent / 100])),
  }
}

/** The packet that this one would be the answer to. */
function answeredBy({ protocol, from, to, port, fromPort }: Packet): Packet {
  return { protocol, from: to, to: from, ...(fromPort !== undefined && { port: fromPort }), ...(port !== undefined && { fromPort: port }) }
}

/** A rule or a shape with its prefixes parsed. */
interface Compiled<M extends ForwardMatch> {
  readonly match: M
  readonly from: readonly Prefix[] | undefined
  readonly to: readonly Prefix[] | undefined
}

function compiled<M extends ForwardMatch>(match: M): Compiled<M> {
  return { match, from: prefixes(match.from), to: prefixes(match.to) }
}

function endsOf({ from, to }: Packet): [from: number, to: number] {
  return [parseIp(from)!, parseIp(to)!]
}

function matches({ match, from: sources, to: targets }: Compiled<ForwardMatch>, packet: Packet, from: number, to: number): boolean {
  return (
    (match.protocol === undefined || match.protocol === packet.protocol) &&
    (match.port === undefined || match.port === packet.port) &&
    (sources === undefined || sources.some((prefix) => inPrefix(from, prefix))) &&
    (targets === undefined || targets.some((prefix) => inPrefix(to, prefix)))
  )
}

function prefixes(texts: readonly string[] | undefined): Prefix[] | undefined {
  return texts?.map((text) => {
    const prefix = parsePrefix(text)
    if (prefix === undefined) throw new TypeError(`${text} is neither an address nor a prefix such as 192.0.2.0/24`)
    return prefix
  })
}
