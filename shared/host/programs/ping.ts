import { codeOf } from '../../kernel/errors.ts'
import type { Program } from '../../kernel/processes.ts'
import { createResolver, DnsError } from '../../wire/dns/resolver.ts'
import { readFlags } from './flags.ts'

const PAYLOAD_BYTES = 56
const HEADER_BYTES = 28
/** How long an answer is waited for. (public: iputils) */
const WAIT_MS = 10_000

const USAGE = 'Usage: ping [-c count] [-i interval] [-W timeout] destination\n'

/**
 * `ping [-c N] [-i SECONDS] [-W SECONDS] HOST` as iputils prints it; endless without `-c`, until a signal. Exit code 0 when anything
 * answered, 1 when nothing did, 2 for other trouble. (public: iputils; seed C names only the command)
 */
export const ping: Program = async (world, invocation) => {
  const { stdout, stderr, signal } = invocation
  const flags = readFlags(invocation.argv.slice(1), 'nq4', 'ciWws')
  if (!('given' in flags) || flags.rest.length !== 1) {
    stderr.write(USAGE)
    return 2
  }
  const host = flags.rest[0]!
  const count = numberOf(flags.values.get('c'))
  const intervalMs = (numberOf(flags.values.get('i')) ?? 1) * 1_000
  const waitMs = (numberOf(flags.values.get('W')) ?? WAIT_MS / 1_000) * 1_000
  if ([...flags.values].some(([, value]) => numberOf(value) === undefined) || count === 0) {
    stderr.write('ping: bad number of packets to transmit.\n')
    return 2
  }
  const resolver = createResolver(world)
  let address: string
  try {
    address = (await resolver.lookup(host, signal))[0]!
  } catch (error) {
    if (!(error instanceof DnsError)) throw error
    stderr.write(`ping: unknown host ${host}\n`)
    return 2
  }
  const peer = host === address || flags.given.has('n') ? undefined : await resolver.reverse(address)
  const shown = peer === undefined ? address : `${peer} (${address})`
  stdout.write(`PING ${host} (${address}) ${PAYLOAD_BYTES}(${PAYLOAD_BYTES + HEADER_BYTES}) bytes of data.\n`)

  const rttsMs: number[] = []
  let errors = 0
  let transmitted = 0
  const startedMs = world.clock.uptimeMs()
  let endedMs = startedMs
  const echo = async (sequence: number): Promise<void> => {
    try {
      const { rttMs, ttl } = await world.net.ping(address, Math.max(1, waitMs))
      if (signal.aborted) return
      rttsMs.push(rttMs)
      if (!flags.given.has('q')) stdout.write(`64 bytes from ${shown}: icmp_seq=${sequence} ttl=${ttl} time=${timeText(rttMs)} ms\n`)
    } catch (error) {
      const code = codeOf(error)
      if (signal.aborted) return
      if (code === 'EHOSTUNREACH') {
        errors++
        const from = world.net.interfaces()[0]?.address ?? address
        stdout.write(`From ${from} icmp_seq=${sequence} Destination Host Unreachable\n`)
      } else if (code !== 'ETIMEDOUT') throw error
    }
    endedMs = world.clock.uptimeMs()
  }
  // A signal ends it with the statistics, and what is no answer of the network with an error.
  const stop = new AbortController()
  signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true })
  const waiting = new Set<Promise<void>>()
  try {
    while (!signal.aborted) {
      // Echoes leave on time, whether or not earlier ones were answered: an answer may come late, and still counts.
      const answered: Promise<void> = echo(++transmitted)
        .catch((error: unknown) => stop.abort(error))
        .finally(() => waiting.delete(answered))
      waiting.add(answered)
      if (transmitted === count) {
        await untilAborted(Promise.all(waiting), stop.signal)
        break
      }
      await world.clock.sleep(intervalMs, stop.signal)
    }
  } catch (error) {
    if (!signal.aborted && codeOf(error) === 'ENETUNREACH') {
      stderr.write('connect: Network is unreachable\n')
      return 2
    }
    if (!signal.aborted) throw error
  }
  stdout.write(statistics(host, transmitted, rttsMs, errors, endedMs - startedMs))
  return rttsMs.length > 0 ? 0 : 1
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** Rejects with the signal's reason when it is aborted. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason as Error)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function timeText(rttMs: number): string {
  return rttMs < 1 ? rttMs.toFixed(3) : rttMs < 10 ? rttMs.toFixed(2) : rttMs.toFixed(1)
}

function statistics(host: string, transmitted: number, rttsMs: readonly number[], errors: number, totalMs: number): string {
  const lost = transmitted === 0 ? 0 : Math.floor(((transmitted - rttsMs.length) * 100) / transmitted)
  const failed = errors === 0 ? '' : `, +${errors} errors`
  const head = `\n--- ${host} ping statistics ---\n${transmitted} packets transmitted, ${rttsMs.length} received${failed}, ${lost}% packet loss, time ${Math.round(totalMs)}ms\n`
  if (rttsMs.length === 0) return `${head}\n`
  const mean = rttsMs.reduce((sum, rtt) => sum + rtt, 0) / rttsMs.length
  const deviation = Math.sqrt(rttsMs.reduce((sum, rtt) => sum + (rtt - mean) ** 2, 0) / rttsMs.length)
  const numbers = [Math.min(...rttsMs), mean, Math.max(...rttsMs), deviation].map((ms) => ms.toFixed(3)).join('/')
  return `${head}rtt min/avg/max/mdev = ${numbers} ms\n`
}
