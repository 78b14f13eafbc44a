import type { ForwardRule, Forwarding } from '../kernel/net.ts'
import { inPrefix, parseIp, parsePrefix, type Prefix } from '../kernel/ip.ts'
import type { SimHost } from './host.ts'

export interface Packet {
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly from: string
  readonly to: string
  readonly port?: number
}

/** What becomes of a packet. `host` is who gets it; `seenFrom` the source address that it sees. */
export type Fate =
  | { readonly kind: 'delivered'; readonly host: SimHost; readonly seenFrom: string; readonly hops: number }
  | { readonly kind: 'lost' }
  | { readonly kind: 'rejected' }
  /** Nobody answers for this address in a network that is directly attached. */
  | { readonly kind: 'no-neighbour' }
  | { readonly kind: 'no-route' }

const LOST: Fate = { kind: 'lost' }
const LOOPBACK = parsePrefix('127.0.0.0/8')!

/** Follows a packet from a host to wherever it ends. */
export function fateOf(sender: SimHost, hostAt: (address: string) => SimHost | undefined, packet: Packet): Fate {
  const to = parseIp(packet.to)
  if (to === undefined) return { kind: 'no-route' }
  if (inPrefix(to, LOOPBACK) || sender.ownsAddress(packet.to)) return { kind: 'delivered', host: sender, seenFrom: packet.from, hops: 0 }
  const direct = sender.interfaceTowards(to)
  if (direct !== undefined) {
    const host = hostAt(packet.to)
    return host === undefined ? { kind: 'no-neighbour' } : { kind: 'delivered', host, seenFrom: packet.from, hops: 0 }
  }
  const gatewayAddress = sender.interfaces.find((i) => i.gateway !== undefined)?.gateway
  if (gatewayAddress === undefined) return { kind: 'no-route' }
  const router = hostAt(gatewayAddress)
  if (router === undefined) return { kind: 'no-neighbour' }
  return routed(router, hostAt, packet, to)
}

function routed(router: SimHost, hostAt: (address: string) => SimHost | undefined, packet: Packet, to: number): Fate {
  if (router.ownsAddress(packet.to)) return { kind: 'delivered', host: router, seenFrom: packet.from, hops: 1 }
  const forwarding = router.forwarding
  if (forwarding === undefined) return LOST
  const verdict = forwarding.judge(packet)
  if (verdict === 'reject') return { kind: 'rejected' }
  if (verdict === 'drop') return LOST
  const out = router.interfaceTowards(to)
  if (out === undefined) return { kind: 'no-route' }
  const host = hostAt(packet.to)
  if (host === undefined) return LOST
  const from = parseIp(packet.from)
  const masqueraded = packet.protocol === 'tcp' && from !== undefined && forwarding.masquerades(from)
  return { kind: 'delivered', host, seenFrom: masqueraded ? out.address : packet.from, hops: 1 }
}

/** A router's rules, ready to judge packets. */
export interface CompiledForwarding {
  judge(packet: Packet): 'accept' | 'drop' | 'reject'
  masquerades(source: number): boolean
}

export function compileForwarding(forwarding: Forwarding): CompiledForwarding {
  const rules = forwarding.rules.map((rule) => ({ rule, from: prefixes(rule.from), to: prefixes(rule.to) }))
  const masquerade = forwarding.masquerade === undefined ? undefined : prefixes([forwarding.masquerade])![0]!
  return {
    judge(packet) {
      const from = parseIp(packet.from)!
      const to = parseIp(packet.to)!
      const match = rules.find(
        ({ rule, from: sources, to: targets }) =>
          matches(rule, packet) &&
          (sources === undefined || sources.some((prefix) => inPrefix(from, prefix))) &&
          (targets === undefined || targets.some((prefix) => inPrefix(to, prefix))),
      )
      return match?.rule.action ?? forwarding.otherwise
    },
    masquerades: (source) => masquerade !== undefined && inPrefix(source, masquerade),
  }
}

function matches(rule: ForwardRule, packet: Packet): boolean {
  return (rule.protocol === undefined || rule.protocol === packet.protocol) && (rule.port === undefined || rule.port === packet.port)
}

function prefixes(texts: readonly string[] | undefined): Prefix[] | undefined {
  return texts?.map((text) => {
    const prefix = parsePrefix(text)
    if (prefix === undefined) throw new TypeError(`${text} is neither an address nor a prefix such as 192.0.2.0/24`)
    return prefix
  })
}
