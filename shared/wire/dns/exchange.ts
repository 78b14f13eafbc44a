import type { DecodedPacket, RecordType } from 'dns-packet'
import { codeOf } from '../../kernel/errors.ts'
import { parseIp } from '../../kernel/ip.ts'
import type { Endpoint, Ip } from '../../kernel/net.ts'
import type { World } from '../../kernel/world.ts'
import { startDeadline, DeadlineError } from '../deadline.ts'
import { decodeMessage, encodeQuestion } from './message.ts'

const DNS_PORT = 53

/** What came of one question to one server. */
export type Exchange =
  | { readonly kind: 'answer'; readonly message: DecodedPacket; readonly local: Endpoint }
  | { readonly kind: 'failure'; readonly code: 'ETIMEOUT' | 'ECONNREFUSED'; readonly local: Endpoint | undefined }

/** Asks one server one question: over UDP, and again over TCP when the answer came truncated. Rejects only with the signal's reason. */
export async function ask(
  world: World,
  server: Ip,
  name: string,
  type: RecordType,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Exchange> {
  using deadline = startDeadline(world.clock, timeoutMs, signal)
  const id = world.random.int(0, 0xffff)
  const question = encodeQuestion(id, name, type)
  const isAnswer = (message: DecodedPacket | undefined): message is DecodedPacket =>
    message !== undefined &&
    message.type === 'response' &&
    message.id === id &&
    message.questions?.[0]?.name.toLowerCase() === name.toLowerCase() &&
    message.questions[0].type === type
  const exchange = await overUdp(world, server, question, isAnswer, deadline.signal)
  signal?.throwIfAborted()
  if (exchange.kind === 'failure' || !exchange.message.flag_tc) return exchange
  const whole = await overTcp(world, server, question, isAnswer, deadline.signal)
  signal?.throwIfAborted()
  return whole
}

type IsAnswer = (message: DecodedPacket | undefined) => message is DecodedPacket

async function overUdp(world: World, server: Ip, question: Buffer, isAnswer: IsAnswer, signal: AbortSignal): Promise<Exchange> {
  await using open = await world.net.udp()
  const local = { address: sourceAddress(world, open.at.address, server), port: open.at.port }
  return await new Promise((resolve) => {
    const failed = (code: 'ETIMEOUT' | 'ECONNREFUSED'): void => resolve({ kind: 'failure', code, local })
    if (signal.aborted) return failed('ETIMEOUT')
    signal.addEventListener('abort', () => failed('ETIMEOUT'))
    open.onError(() => failed('ECONNREFUSED'))
    open.onMessage((data, from) => {
      const message = from.address === server && from.port === DNS_PORT ? decodeMessage(data) : undefined
      if (isAnswer(message)) resolve({ kind: 'answer', message, local })
    })
    open.send(question, { address: server, port: DNS_PORT })
  })
}

async function overTcp(world: World, server: Ip, question: Buffer, isAnswer: IsAnswer, signal: AbortSignal): Promise<Exchange> {
  let conn
  try {
    conn = await world.net.dial({ address: server, port: DNS_PORT }, signal)
  } catch (error) {
    const refused = !(error instanceof DeadlineError) && codeOf(error) === 'ECONNREFUSED'
    return { kind: 'failure', code: refused ? 'ECONNREFUSED' : 'ETIMEOUT', local: undefined }
  }
  const open = conn
  const local = { address: open.localAddress ?? '0.0.0.0', port: open.localPort ?? 0 }
  const exchange = await new Promise<Exchange>((resolve) => {
    const failed = (): void => resolve({ kind: 'failure', code: 'ETIMEOUT', local })
    let received = Buffer.alloc(0)
    open.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      const message = decodeMessage(received.subarray(2, 2 + received.readUInt16BE(0)))
      if (isAnswer(message)) resolve({ kind: 'answer', message, local })
      else failed()
    })
    open.on('error', failed)
    open.on('close', failed)
    open.on('end', failed)
    if (signal.aborted) return failed()
    signal.addEventListener('abort', failed)
    const length = Buffer.alloc(2)
    length.writeUInt16BE(question.length)
    open.write(Buffer.concat([length, question]))
  })
  open.destroy()
  return exchange
}

/** The address a packet to `server` leaves with; an unbound socket itself only knows 0.0.0.0. */
function sourceAddress(world: World, bound: Ip, server: Ip): Ip {
  if (bound !== '0.0.0.0') return bound
  const interfaces = world.net.interfaces()
  const leaving =
    interfaces.find((one) => samePrefix(one.address, server, one.netmask)) ??
    interfaces.find((one) => one.gateway !== undefined) ??
    interfaces[0]
  return leaving?.address ?? bound
}

function samePrefix(a: Ip, b: Ip, netmask: Ip): boolean {
  const mask = parseIp(netmask) ?? 0
  return ((parseIp(a) ?? 0) & mask) === ((parseIp(b) ?? 0) & mask)
}
