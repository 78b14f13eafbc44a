import { codeOf } from '../../kernel/errors.ts'
import type { Conn } from '../../kernel/net.ts'
import type { Invocation, Program } from '../../kernel/processes.ts'
import type { World } from '../../kernel/world.ts'
import { createResolver, DnsError } from '../../wire/dns/resolver.ts'
import { portOf } from './service-names.ts'
import { systemErrorText } from './system-errors.ts'

const TELNET_PORT = 23
const ESCAPE = 0x1d
/** Also when standard input ends. */
const CLOSED_BY_PEER = 'Connection closed by foreign host.\n'
const CLOSED_BY_USER = 'Connection closed.\n'

/**
 * `telnet HOST [PORT]`: each address in turn, then copies both ways until either side ends, standard input ends, or Ctrl-] is typed.
 * (seed C names the command; wording public: Linux netkit telnet)
 */
export const telnet: Program = async (world, invocation) => {
  const [host, written] = invocation.argv.slice(1)
  if (host === undefined) {
    invocation.stderr.write('LAB_NOT_EMULATED: interactive mode; use telnet HOST [PORT]\n')
    return 1
  }
  const port = written === undefined ? TELNET_PORT : portOf(written)
  if (port === undefined) {
    invocation.stderr.write(`telnet: ${written}: bad port\n`)
    return 1
  }
  let addresses: readonly string[]
  try {
    addresses = await createResolver(world).lookup(host, invocation.signal)
  } catch (error) {
    if (!(error instanceof DnsError)) throw error
    const why =
      error.code === 'ENOTFOUND' || error.code === 'ENODATA' ? 'Name or service not known' : 'Temporary failure in name resolution'
    invocation.stderr.write(`telnet: could not resolve ${host}/${written ?? 'telnet'}: ${why}\n`)
    return 1
  }
  const conn = await connectFirst(world, invocation, addresses, port)
  if (conn === undefined) return 1
  invocation.stdout.write(`Connected to ${host}.\nEscape character is '^]'.\n`)
  return converse(invocation, conn)
}

async function connectFirst(world: World, invocation: Invocation, addresses: readonly string[], port: number): Promise<Conn | undefined> {
  for (const [index, address] of addresses.entries()) {
    invocation.stdout.write(`Trying ${address}...\n`)
    try {
      return await world.net.dial({ address, port }, invocation.signal)
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined) throw error
      const last = index === addresses.length - 1
      const subject = last ? 'Unable to connect to remote host' : `connect to address ${address}`
      invocation.stderr.write(`telnet: ${subject}: ${systemErrorText(code)}\n`)
    }
  }
  return undefined
}

/** Copies until one side ends; resolves with the exit code. */
async function converse(invocation: Invocation, conn: Conn): Promise<number> {
  const { stdin, stdout, signal } = invocation
  const { promise, resolve } = Promise.withResolvers<string>()
  const typed = (chunk: Buffer | string): void => {
    const bytes = Buffer.from(chunk as string)
    const escape = bytes.indexOf(ESCAPE)
    if (escape >= 0) return resolve(CLOSED_BY_USER)
    conn.write(Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1'))
  }
  const interrupted = (): void => resolve(CLOSED_BY_USER)
  conn.on('data', (chunk: Buffer) => stdout.write(chunk))
  conn.on('end', () => resolve(CLOSED_BY_PEER))
  conn.on('close', () => resolve(CLOSED_BY_PEER))
  conn.on('error', () => resolve(CLOSED_BY_PEER))
  stdin.on('data', typed)
  stdin.on('end', () => resolve(CLOSED_BY_PEER))
  if (signal.aborted) interrupted()
  signal.addEventListener('abort', interrupted, { once: true })
  const lastWords = await promise
  stdin.off('data', typed)
  stdin.pause()
  conn.destroy()
  if (signal.aborted) throw signal.reason
  stdout.write(lastWords)
  return lastWords === CLOSED_BY_PEER ? 1 : 0
}
