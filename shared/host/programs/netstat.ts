import type { SocketRow } from '../../kernel/net.ts'
import type { Program } from '../../kernel/processes.ts'
import { endpointNames, type EndpointNames } from './address-names.ts'
import { readFlags } from './flags.ts'

type InetRow = Extract<SocketRow, { protocol: 'tcp' | 'udp' }>
type UnixRow = Extract<SocketRow, { protocol: 'unix' }>

const PROGRAM_WIDTH = 20
const INET_HEADER = 'Proto Recv-Q Send-Q Local Address           Foreign Address         State      '
const UNIX_HEADER = 'Proto RefCnt Flags       Type       State         I-Node'
/** What the kernel counts as holders of a listening and of a connected socket. (seed A) */
const LISTENING_REFS = 2
const CONNECTED_REFS = 3

/**
 * `netstat` with `-a -l -n -p -t -u -x` in any mix, as net-tools prints it. Without names a column is numbers; without `-a` and `-l` what
 * listens is left out. The queues are always 0. (seeds A, B for unix rows; columns public: net-tools 1.60)
 */
export const netstat: Program = async (world, invocation) => {
  const flags = readFlags(invocation.argv.slice(1), 'anlptuxeWw46')
  if (!('given' in flags) || flags.rest.length > 0) {
    const wrong = 'unknown' in flags ? `invalid option -- '${flags.unknown}'` : 'usage'
    invocation.stderr.write(`netstat: ${wrong}\nusage: netstat [-a] [-l] [-n] [-p] [-t] [-u] [-x]\n`)
    return 4
  }
  const { given } = flags
  const every = !['t', 'u', 'x'].some((letter) => given.has(letter))
  const wanted = (row: SocketRow): boolean => {
    const listens = row.protocol === 'udp' || row.state === 'LISTEN' || row.state === 'LISTENING'
    return given.has('a') || (given.has('l') ? listens : !listens)
  }
  const which = given.has('a') ? 'servers and established' : given.has('l') ? 'only servers' : 'w/o servers'
  const names = endpointNames(world, { numericHosts: given.has('n'), numericPorts: given.has('n'), any: given.has('n') ? '0.0.0.0' : '*' })
  const rows = (await world.net.sockets()).filter(wanted)
  const program = (row: SocketRow): string => (given.has('p') ? `${row.pid}/${row.command}`.padEnd(PROGRAM_WIDTH) : '')
  const banner = given.has('p') ? ' PID/Program name'.padEnd(PROGRAM_WIDTH) : ''
  const print = (text: string): void => invocation.stdout.write(text)

  if (every || given.has('t') || given.has('u')) {
    print(`Active Internet connections (${which})\n${INET_HEADER}${banner}\n`)
    for (const protocol of ['tcp', 'udp'] as const) {
      if (!every && !given.has(protocol === 'tcp' ? 't' : 'u')) continue
      const inet = rows.filter((row): row is InetRow => row.protocol === protocol).toSorted(byPort)
      for (const row of inet) print(`${await inetLine(row, names)}${program(row)}\n`)
    }
  }
  if (every || given.has('x')) {
    print(`Active UNIX domain sockets (${which})\n${UNIX_HEADER}${banner} Path\n`)
    for (const row of rows) if (row.protocol === 'unix') print(`${unixLine(row, program(row))}\n`)
  }
  return 0
}

/** What listens comes first. */
function rank(row: InetRow): number {
  return row.protocol === 'tcp' && row.state !== 'LISTEN' ? 1 : 0
}

function byPort(a: InetRow, b: InetRow): number {
  return rank(a) - rank(b) || a.local.port - b.local.port
}

async function inetLine(row: InetRow, names: EndpointNames): Promise<string> {
  const local = await names.show(row.local)
  const remote = await names.show(row.protocol === 'tcp' ? row.remote : undefined)
  const state = row.protocol === 'tcp' ? row.state : ''
  return `${row.protocol.padEnd(5)} ${'0'.padStart(6)} ${'0'.padStart(6)} ${local.padEnd(23)} ${remote.padEnd(23)} ${state.padEnd(11)} `
}

/** The end that connected has no path of its own, so that both rows of a path belong to the process that bound it. (seed A) */
function unixLine(row: UnixRow, program: string): string {
  const listens = row.state === 'LISTENING'
  const refs = String(listens ? LISTENING_REFS : CONNECTED_REFS).padEnd(6)
  const flags = `[ ${listens ? 'ACC ' : ''}]`.padEnd(11)
  return `unix  ${refs} ${flags} ${'STREAM'.padEnd(10)} ${row.state.padEnd(13)} ${String(row.inode).padEnd(6)} ${program}${row.path ?? ''}`
}
