import type { ForwardShape } from '../kernel/net.ts'

/** How many packets may be held back at once on one interface; netem's own limit of 1,000 would lose some of a busy lab's. */
const LIMIT_PACKETS = 100_000
/** HTB wants a rate for each class. This one limits nothing: the delay is netem's. */
const UNLIMITED = 'rate 100gbit quantum 60000'

/** The delays that shapes have, each once, in milliseconds: the place in the list is what `classOf` takes. */
export function delaysOf(shapes: readonly ForwardShape[]): number[] {
  return [...new Set(shapes.flatMap(({ delayMs }) => (delayMs === undefined ? [] : [delayMs])))]
}

/** The class of the packets with a delay, as tc and iptables write it; both read its number as hexadecimal. */
export function classOf(index: number): string {
  return `1:${(index + 1).toString(16)}`
}

/**
 * The queues of a router as `tc -batch` reads them: on each interface a class with its netem for each delay. iptables says which packets belong to which, by
 * addresses as they are before their translation; all others go straight out. Empty when nothing is delayed. `delaysMs` are of real time.
 * (public: tc(8), tc-htb(8), tc-netem(8))
 */
export function toTc(interfaces: readonly string[], delaysMs: readonly number[]): string {
  if (delaysMs.length === 0) return ''
  return interfaces.flatMap((name) => [rootQueue(name), ...delaysMs.map((delayMs, index) => delayQueue(name, index, delayMs))]).join('')
}

function rootQueue(name: string): string {
  return `qdisc add dev ${name} root handle 1: htb default 0\n`
}

function delayQueue(name: string, index: number, delayMs: number): string {
  const handle = `${(index + 2).toString(16)}:`
  return [
    `class add dev ${name} parent 1: classid ${classOf(index)} htb ${UNLIMITED}\n`,
    `qdisc add dev ${name} parent ${classOf(index)} handle ${handle} netem delay ${Math.round(delayMs * 1_000)}us limit ${LIMIT_PACKETS}\n`,
  ].join('')
}

/** Takes the queues of an interface away again. */
export function removeQueues(name: string): string {
  return `qdisc del dev ${name} root\n`
}

/**
 * What of the kernel the queues need, each with a line for `tc -batch` that succeeds on the loopback interface only where it is there. It holds nothing back,
 * and `removeQueues` takes it away.
 */
export const NEEDED: readonly { readonly module: string; readonly trial: string }[] = [
  { module: 'sch_netem', trial: 'qdisc add dev lo root netem delay 0us\n' },
  { module: 'sch_htb', trial: rootQueue('lo') },
]
