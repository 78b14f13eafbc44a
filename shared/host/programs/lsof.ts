import type { SocketRow } from '../../kernel/net.ts'
import type { Program } from '../../kernel/processes.ts'
import { endpointNames, type EndpointNames } from './address-names.ts'
import { portOf } from './service-names.ts'

type InetRow = Extract<SocketRow, { protocol: 'tcp' | 'udp' }>

interface Selection {
  readonly protocol: 'tcp' | 'udp' | undefined
  readonly address: string | undefined
  readonly port: number | undefined
}

interface Request {
  readonly selections: readonly Selection[]
  readonly numericHosts: boolean
  readonly numericPorts: boolean
  readonly pids: readonly number[]
}

/** lsof cuts command names. (public: lsof manual, +c) */
const COMMAND_CHARACTERS = 9

/**
 * `lsof -i [4][PROTOCOL][@ADDRESS][:PORT]` with `-n`, `-P`, `-p PID`, as lsof prints it: internet sockets only. Exit code 1 when there is none.
 * (seed A for the rows; header and widths public: lsof 4.8)
 */
export const lsof: Program = async (world, invocation) => {
  const request = parse(invocation.argv.slice(1))
  if (typeof request === 'string') {
    invocation.stderr.write(`lsof: ${request}\n`)
    return 1
  }
  const names = endpointNames(world, { numericHosts: request.numericHosts, numericPorts: request.numericPorts, any: '*' })
  const rows = (await world.net.sockets())
    .filter(
      (row): row is InetRow =>
        row.protocol !== 'unix' && (request.pids.length === 0 || request.pids.includes(row.pid)) && matches(row, request.selections),
    )
    .toSorted((a, b) => a.pid - b.pid || a.fd - b.fd)
  if (rows.length === 0) return 1
  const cells: string[][] = [['COMMAND', 'PID', 'USER', 'FD  ', 'TYPE', 'DEVICE', 'SIZE/OFF', 'NODE', 'NAME']]
  for (const row of rows)
    cells.push([
      row.command.slice(0, COMMAND_CHARACTERS),
      String(row.pid),
      row.user,
      `${row.fd}u `,
      'IPv4',
      String(row.inode),
      '0t0',
      row.protocol.toUpperCase(),
      await nameOf(row, names),
    ])
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  widths[3] = Math.max(widths[3]!, FD_WIDTH)
  for (const line of cells) {
    const [command, ...rest] = line
      .slice(0, -1)
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
    invocation.stdout.write(`${[command, ...rest].join(' ')} ${line.at(-1)}\n`)
  }
  return 0
}

/** Four for the number, one for the access mode, one for the lock. */
const FD_WIDTH = 6

function parse(args: readonly string[]): Request | string {
  const selections: Selection[] = []
  const pids: number[] = []
  let numericHosts = false
  let numericPorts = false
  let internet = false
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (!/^-\w/.test(arg)) return `LAB_NOT_EMULATED: ${arg}: names of files; use lsof -i`
    for (let at = 1; at < arg.length; at++) {
      const letter = arg[at]!
      if (letter === 'n') numericHosts = true
      else if (letter === 'P') numericPorts = true
      else if (letter === 'i') {
        internet = true
        const next = args[i + 1]
        const value = arg.slice(at + 1) || (next !== undefined && isSelection(next) ? args[++i]! : '')
        const attached = /^[nP]*$/.test(value)
        if (attached && value !== '') {
          numericHosts ||= value.includes('n')
          numericPorts ||= value.includes('P')
        }
        const selection = parseSelection(attached ? '' : value)
        if (selection === undefined) return `unacceptable Internet address in: -i ${value}`
        selections.push(selection)
        break
      } else if (letter === 'p') {
        const value = arg.slice(at + 1) || args[++i]
        if (value === undefined || !/^\d+(,\d+)*$/.test(value)) return `no process ID specified`
        pids.push(...value.split(',').map(Number))
        break
      } else if (letter !== 'a') return `illegal option character: ${letter}`
    }
  }
  if (!internet) return 'LAB_NOT_EMULATED: open files other than internet sockets; use lsof -i'
  return { selections, numericHosts, numericPorts, pids }
}

function isSelection(text: string): boolean {
  return /^(4|6|:|@|tcp|udp)/i.test(text)
}

function parseSelection(text: string): Selection | undefined {
  const match = /^(?:4)?(tcp|udp)?(?:@([^:]+))?(?::(\S+))?$/i.exec(text)
  if (match === null) return undefined
  const port = match[3] === undefined ? undefined : portOf(match[3])
  if (match[3] !== undefined && port === undefined) return undefined
  return { protocol: match[1]?.toLowerCase() as 'tcp' | 'udp' | undefined, address: match[2], port }
}

function matches(row: InetRow, selections: readonly Selection[]): boolean {
  const ends = [row.local, ...(row.protocol === 'tcp' && row.remote !== undefined ? [row.remote] : [])]
  return selections.some(
    ({ protocol, address, port }) =>
      (protocol === undefined || protocol === row.protocol) &&
      (address === undefined || ends.some((end) => end.address === address)) &&
      (port === undefined || ends.some((end) => end.port === port)),
  )
}

async function nameOf(row: InetRow, names: EndpointNames): Promise<string> {
  const local = await names.show(row.local)
  if (row.protocol === 'udp') return local
  const remote = row.remote === undefined ? '' : `->${await names.show(row.remote)}`
  return `${local}${remote} (${row.state})`
}
