import { execFile } from 'node:child_process'
import { codeOf } from '../kernel/errors.ts'
import type { Forwarding, ForwardRule } from '../kernel/net.ts'

/**
 * The same rules as `iptables-restore` reads them: one table for filtering forwarded packets, one for the source addresses (NAT). As the
 * contract of `Forwarding` says, the rules apply to every packet, so there is no short cut for connections that exist.
 */
export function toIptables(forwarding: Forwarding): string {
  const filter = forwarding.rules.flatMap(toLines)
  const nat =
    forwarding.masquerade === undefined ? [] : [`-A POSTROUTING -s ${forwarding.masquerade} ! -d ${forwarding.masquerade} -j MASQUERADE`]
  return [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    `:FORWARD ${forwarding.otherwise === 'accept' ? 'ACCEPT' : 'DROP'} [0:0]`,
    ':OUTPUT ACCEPT [0:0]',
    ...filter,
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

/** One line for each pair of a source and a target, and for each protocol that the rule needs to tell apart. */
function toLines(rule: ForwardRule): string[] {
  return (rule.from ?? [undefined]).flatMap((from) =>
    (rule.to ?? [undefined]).flatMap((to) =>
      protocolsOf(rule).map((protocol) =>
        [
          '-A FORWARD',
          ...(from === undefined ? [] : [`-s ${from}`]),
          ...(to === undefined ? [] : [`-d ${to}`]),
          ...(protocol === undefined ? [] : [`-p ${protocol}`]),
          ...(rule.port === undefined ? [] : [`--dport ${rule.port}`]),
          `-j ${targetOf(rule, protocol)}`,
        ].join(' '),
      ),
    ),
  )
}

function protocolsOf(rule: ForwardRule): readonly (ForwardRule['protocol'] | undefined)[] {
  if (rule.protocol !== undefined) return [rule.protocol]
  // iptables knows ports only together with a protocol.
  if (rule.port !== undefined) return ['tcp', 'udp']
  // TCP is refused with a reset, everything else with ICMP: two lines.
  return rule.action === 'reject' ? ['tcp', undefined] : [undefined]
}

function targetOf(rule: ForwardRule, protocol: ForwardRule['protocol'] | undefined): string {
  if (rule.action === 'accept') return 'ACCEPT'
  if (rule.action === 'drop') return 'DROP'
  return `REJECT --reject-with ${protocol === 'tcp' ? 'tcp-reset' : 'icmp-port-unreachable'}`
}

/**
 * Makes the kernel forward by these rules and no others; connections that exist fall under them at once. Rejects with ENOTSUP where there is no
 * `iptables-restore`, and with the tool's own words when it refuses (a process without NET_ADMIN is told so).
 */
export async function applyForwarding(forwarding: Forwarding): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const restore = execFile('iptables-restore', (error, _stdout, stderr) => {
    if (error === null) resolve()
    else if (codeOf(error) === 'ENOENT')
      reject(refused('ENOTSUP', 'this machine has no iptables-restore; run a host that forwards in its container or in the sim World'))
    else reject(refused('EPERM', stderr.trim()))
  })
  // A tool that is not there, or that ended early, is told above.
  restore.stdin!.on('error', () => {})
  restore.stdin!.end(toIptables(forwarding))
  await promise
}

/** What a host is told whose World is on somebody's machine: the packets there are not its to filter. */
export async function refuseForwarding(): Promise<never> {
  throw refused(
    'ENOTSUP',
    "this host is not in a container, and the machine's own packet filter is not touched; run it in its container or in the sim World",
  )
}

function refused(code: string, why: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`forward ${code}: ${why}`), { code, syscall: 'forward' })
}
