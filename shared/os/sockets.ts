import { readFileSync } from 'node:fs'
import type { Endpoint, SocketRow, TcpState } from '../kernel/net.ts'
import type { ProcessRow } from '../kernel/processes.ts'
import type { Addressing } from './address-map.ts'
import { procSocketFds } from './procfs.ts'

/** The kernel's numbers of the states that the lab tells apart (include/net/tcp_states.h). Others last an instant and have no owner. */
const TCP_STATES: Readonly<Record<string, TcpState>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN_SENT',
  '05': 'FIN_WAIT2',
  '08': 'CLOSE_WAIT',
  '0A': 'LISTEN',
}
/** __SO_ACCEPTCON in the flags of /proc/net/unix. */
const LISTENS = 0x10000

interface SocketsOptions {
  readonly processes: readonly ProcessRow[]
  readonly addressing: Addressing
  /** The host's path of a real socket file. */
  readonly labPath: (real: string) => string
}

/** The sockets of a host's processes, from /proc. IPv4 and unix streams: a lab host has no others. */
export function osSockets({ processes, addressing, labPath }: SocketsOptions): SocketRow[] {
  const owners = new Map(
    processes.flatMap((process) => procSocketFds(process.pid).map(({ inode, fd }) => [inode, { process, fd }] as const)),
  )
  const owned = (inode: number): Pick<SocketRow, 'pid' | 'command' | 'user' | 'fd' | 'inode'> | undefined => {
    const owner = owners.get(inode)
    return owner && { pid: owner.process.pid, command: owner.process.command, user: owner.process.user, fd: owner.fd, inode }
  }
  const rows: SocketRow[] = []
  for (const fields of table('/proc/net/tcp')) {
    const owner = owned(Number(fields[9]))
    const state = TCP_STATES[fields[3]!]
    if (owner === undefined || state === undefined) continue
    const remote = state === 'LISTEN' ? {} : { remote: addressing.seen(endpoint(fields[2]!)) }
    rows.push({ ...owner, protocol: 'tcp', state, local: addressing.seen(endpoint(fields[1]!)), ...remote })
  }
  for (const fields of table('/proc/net/udp')) {
    const owner = owned(Number(fields[9]))
    if (owner !== undefined) rows.push({ ...owner, protocol: 'udp', local: addressing.seen(endpoint(fields[1]!)) })
  }
  for (const fields of table('/proc/net/unix')) {
    const [, , , flags, type, state, inode, ...pathWords] = fields
    const owner = owned(Number(inode))
    if (owner === undefined || type !== '0001') continue
    const shown = pathWords.length === 0 ? {} : { path: labPath(pathWords.join(' ')) }
    if ((Number.parseInt(flags!, 16) & LISTENS) !== 0) rows.push({ ...owner, protocol: 'unix', state: 'LISTENING', ...shown })
    else if (state === '03') rows.push({ ...owner, protocol: 'unix', state: 'CONNECTED', ...shown })
  }
  return rows
}

function table(path: string): string[][] {
  const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  return lines.map((line) => line.trim().split(/\s+/))
}

/** `1B0200C0:01BB` (the address's bytes as a little-endian number) is 192.0.2.27:443. */
function endpoint(text: string): Endpoint {
  const [address, port] = text.split(':')
  const value = Number.parseInt(address!, 16)
  return { address: [0, 8, 16, 24].map((shift) => (value >>> shift) & 255).join('.'), port: Number.parseInt(port!, 16) }
}
