import type { Forwarding, ForwardMatch, ForwardRule } from '../kernel/net.ts'
import { classOf, delaysOf } from './netem.ts'

type Protocol = ForwardMatch['protocol'] | undefined

/**
 * The same rules as `iptables-restore` reads them: what is lost comes first, then the rules; another table puts what is delayed into the classes of `netem.ts`;
 * and one has the source addresses (NAT). As the contract of `Forwarding` says, the rules apply to every packet, so there is no short cut for connections that
 * exist. A packet that several lines of one shape match is in danger several times.
 */
export function toIptables(forwarding: Forwarding): string {
  const { rules, shapes = [], otherwise, masquerade } = forwarding
  const losses = shapes.flatMap((shape) => (shape.lossPercent === undefined ? [] : linesOfFlow(shape, lossTarget(shape.lossPercent))))
  const delays = delaysOf(shapes)
  // The last class holds, so that the first shape decides.
  const classes = shapes
    .toReversed()
    .flatMap((shape) => (shape.delayMs === undefined ? [] : linesOfFlow(shape, classTarget(delays.indexOf(shape.delayMs)))))
  const nat = masquerade === undefined ? [] : [`-A POSTROUTING -s ${masquerade} ! -d ${masquerade} -j MASQUERADE`]
  return [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    `:FORWARD ${otherwise === 'accept' ? 'ACCEPT' : 'DROP'} [0:0]`,
    ':OUTPUT ACCEPT [0:0]',
    ...losses,
    ...rules.flatMap(linesOfRule),
    'COMMIT',
    '*mangle',
    ':PREROUTING ACCEPT [0:0]',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    ...classes,
    'COMMIT',
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':INPUT ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    ...nat,
    'COMMIT',
    '',
  ].join('\n')
}

/** One line for each protocol that the rule needs to tell apart: TCP is refused with a reset, everything else with ICMP. */
function linesOfRule(rule: ForwardRule): string[] {
  if (rule.action === 'reject' && rule.protocol === undefined && rule.port === undefined)
    return (['tcp', undefined] as const).flatMap((protocol) => lines(rule, [protocol], 'dport', () => rejectTarget(protocol)))
  return lines(rule, protocolsOf(rule), 'dport', (protocol) => {
    if (rule.action === 'accept') return '-j ACCEPT'
    return rule.action === 'drop' ? '-j DROP' : rejectTarget(protocol)
  })
}

/** A flow's own packets and the answers to them; each line once. */
function linesOfFlow(match: ForwardMatch, target: string): string[] {
  const { from, to, ...rest } = match
  const answers: ForwardMatch = { ...rest, ...(to && { from: to }), ...(from && { to: from }) }
  const protocols = protocolsOf(match)
  return [...new Set([...lines(match, protocols, 'dport', () => target), ...lines(answers, protocols, 'sport', () => target)])]
}

/** One line for each pair of a source and a target, and for each protocol. */
function lines(
  match: ForwardMatch,
  protocols: readonly Protocol[],
  portIs: 'dport' | 'sport',
  target: (protocol: Protocol) => string,
): string[] {
  return (match.from ?? [undefined]).flatMap((from) =>
    (match.to ?? [undefined]).flatMap((to) =>
      protocols.map((protocol) =>
        [
          '-A FORWARD',
          ...(from === undefined ? [] : [`-s ${from}`]),
          ...(to === undefined ? [] : [`-d ${to}`]),
          ...(protocol === undefined ? [] : [`-p ${protocol}`]),
          ...(match.port === undefined ? [] : [`--${portIs} ${match.port}`]),
          target(protocol),
        ].join(' '),
      ),
    ),
  )
}

/** iptables knows ports only together with a protocol. */
function protocolsOf({ protocol, port }: ForwardMatch): readonly Protocol[] {
  if (protocol !== undefined) return [protocol]
  return port === undefined ? [undefined] : ['tcp', 'udp']
}

function rejectTarget(protocol: Protocol): string {
  return `-j REJECT --reject-with ${protocol === 'tcp' ? 'tcp-reset' : 'icmp-port-unreachable'}`
}

/** (public: iptables-extensions(8), CLASSIFY) */
export function classTarget(index: number): string {
  return `-j CLASSIFY --set-class ${classOf(index)}`
}

/** (public: iptables-extensions(8), statistic) */
export function lossTarget(percent: number): string {
  return percent >= 100 ? '-j DROP' : `-m statistic --mode random --probability ${percent / 100} -j DROP`
}
