import type { Answer, Question } from 'dns-packet'
import type { DnsRecord } from '../../shared/contract/admin.ts'
import type { Ip } from '../../shared/kernel/net.ts'
import type { DnsState } from './state.ts'

/** What each lower-case name stands for. */
export type Records = ReadonlyMap<string, DnsRecord>

export type Rcode = 'NOERROR' | 'SERVFAIL' | 'NXDOMAIN'

/** What a question gets. Silence is no packet at all. */
export type Reply = { readonly rcode: Rcode; readonly answers: readonly Answer[] } | 'silence'

/** How long an answer may be kept, in seconds. As the clouds' load balancers, so that a moved address is soon seen. (invented) */
const TTL_SECONDS = 60

/** Longer chains of aliases are taken for a loop, as resolvers do. */
const LONGEST_CHAIN = 8

/**
 * Answers one question as a recursive resolver would. Aliases are followed inside the zone, and overrides hold at every step of the way, so
 * that a blocked alias target leaves an alias without an address.
 */
export function answerQuestion(question: Question, { records, overrides, isTurn, turnOf }: Omit<DnsState, 'putRecord'>): Reply {
  const answers: Answer[] = []
  let name = question.name
  for (let hop = 0; hop < LONGEST_CHAIN; hop++) {
    const key = name.toLowerCase()
    const override = overrides.items.find((candidate) => covers(candidate.name, key) && isTurn(candidate, question))
    if (override?.answer === 'silence') return 'silence'
    if (override?.answer === 'servfail') return { rcode: 'SERVFAIL', answers: [] }
    if (override?.answer === 'nxdomain') return { rcode: 'NXDOMAIN', answers }
    const record = override?.addresses === undefined ? records.get(key) : { addresses: override.addresses }
    if (record === undefined) return { rcode: hasNamesBelow(records, key) ? 'NOERROR' : 'NXDOMAIN', answers }
    if (record.cname !== undefined) {
      answers.push({ type: 'CNAME', name, ttl: TTL_SECONDS, data: record.cname })
      if (question.type === 'CNAME') return { rcode: 'NOERROR', answers }
      name = record.cname
      continue
    }
    if (question.type === 'A' && record.addresses !== undefined) {
      for (const data of rotated(record.addresses, turnOf(key))) answers.push({ type: 'A', name, ttl: TTL_SECONDS, data })
    }
    if (question.type === 'PTR' && record.pointer !== undefined) answers.push({ type: 'PTR', name, ttl: TTL_SECONDS, data: record.pointer })
    return { rcode: 'NOERROR', answers }
  }
  return { rcode: 'SERVFAIL', answers: [] }
}

/** Whether an override for `pattern` (a name, `*.zone`, or all names) holds for a lower-case name. */
function covers(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined) return true
  const wanted = pattern.toLowerCase().replace(/\.$/, '')
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
}

/** A name without records exists when names below it do: `cisco.com` has no address here, but is no unknown name. */
function hasNamesBelow(records: Records, name: string): boolean {
  return name === '.' || records.keys().some((other) => other.endsWith(`.${name}`))
}

function rotated(addresses: readonly Ip[], turn: number): readonly Ip[] {
  const first = turn % addresses.length
  return [...addresses.slice(first), ...addresses.slice(0, first)]
}
