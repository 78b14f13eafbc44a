import type { DecodedPacket } from 'dns-packet'
import { parseIp } from '../../kernel/ip.ts'
import type { Invocation, Program } from '../../kernel/processes.ts'
import { createResolver, DnsError, type DnsAnswer } from '../../wire/dns/resolver.ts'

/** nslookup asks each server this often, this long. (public: BIND nslookup defaults, `timeout=0 retry=3` with 5 s) */
const TRY_MS = 5_000
const TRIES = 3
const NO_SERVERS = ';; connection timed out; no servers could be reached\n'

/**
 * `nslookup NAME [SERVER]`, one-shot, as BIND 9 prints it. An address is looked up in reverse. Exit code 1 when nothing was found.
 * (seed A for no servers, seed C for an answer; public: BIND 9)
 */
export const nslookup: Program = async (world, invocation) => {
  const [name, server] = invocation.argv.slice(1).filter((arg) => !arg.startsWith('-'))
  if (name === undefined) {
    invocation.stderr.write('nslookup: LAB_NOT_EMULATED: interactive mode; use nslookup NAME [SERVER]\n')
    return 1
  }
  const resolver = createResolver(world)
  const isAddress = parseIp(name) !== undefined
  const question = isAddress ? `${name.split('.').toReversed().join('.')}.in-addr.arpa` : name
  try {
    const servers = server === undefined ? undefined : await resolver.lookup(server, invocation.signal)
    const options = { timeoutMs: TRY_MS, tries: TRIES, signal: invocation.signal, ...(servers === undefined ? {} : { servers }) }
    return printAnswer(invocation, question, await resolver.query(question, isAddress ? 'PTR' : 'A', options), server)
  } catch (error) {
    if (!(error instanceof DnsError)) throw error
    if (server !== undefined && error.hostname === server)
      invocation.stdout.write(`nslookup: couldn't get address for '${server}': not found\n`)
    else invocation.stdout.write(NO_SERVERS)
    return 1
  }
}

function printAnswer(invocation: Invocation, name: string, answer: DnsAnswer, asked: string | undefined): number {
  const print = (text: string): void => invocation.stdout.write(text)
  print(`Server:\t\t${asked ?? answer.server}\nAddress:\t${answer.server}#53\n\n`)
  if (answer.rcode !== 'NOERROR') {
    print(`** server can't find ${name}: ${answer.rcode}\n\n`)
    return 1
  }
  const records = recordLines(answer.message)
  if (records.length === 0) {
    print(`*** Can't find ${name}: No answer\n\n`)
    return 1
  }
  if (!answer.message.flag_aa) print('Non-authoritative answer:\n')
  print(`${records.join('')}\n`)
  return 0
}

function recordLines(message: DecodedPacket): string[] {
  return (message.answers ?? []).flatMap((record) => {
    if (record.type === 'A') return [`Name:\t${record.name}\nAddress: ${record.data}\n`]
    if (record.type === 'CNAME') return [`${record.name}\tcanonical name = ${record.data}.\n`]
    if (record.type === 'PTR') return [`${record.name}\tname = ${record.data}.\n`]
    return []
  })
}
