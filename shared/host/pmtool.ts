import type { Program } from '../kernel/processes.ts'
import type { World } from '../kernel/world.ts'
import { LocalCallError } from './local-call.ts'
import { askSupervisor, type ControlRequest, type DaemonStatus } from './supervisor-control.ts'

const USAGE = 'Usage: pmtool status | disablebyid ID | enablebyid ID | restartbyid ID | restartbytype TYPE\n'
const PATH = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin'

/**
 * The appliance's `pmtool`. `prefix` is `/ngfw` on an FTD. Sub-commands are case-insensitive, success prints nothing but for `status`. (public P36, P07; the texts of
 * errors are invented)
 */
export function pmtool(prefix: string): Program {
  return async (world, { argv, stdout, stderr }) => {
    const request = parse(argv.slice(1))
    if (request === undefined) {
      stderr.write(USAGE)
      return 1
    }
    if ((await ownUser(world)) !== 'root') {
      stderr.write('pmtool: you must be root to run this command\n')
      return 1
    }
    try {
      const answer = await askSupervisor(world, prefix, request)
      if (answer.status !== 0) stdout.write(`Received status (${answer.status}): ${answer.text}\n`)
      else if (request.kind === 'status') stdout.write(statusText(answer.daemons))
      return answer.status
    } catch (error) {
      if (!(error instanceof LocalCallError)) throw error
      stderr.write('pmtool: cannot connect to the process manager\n')
      return 1
    }
  }
}

function parse(words: readonly string[]): ControlRequest | undefined {
  const [verb, name, ...rest] = words
  if (rest.length > 0) return undefined
  const command = verb?.toLowerCase()
  if (command === 'status') return { kind: 'status' }
  if (name === undefined) return undefined
  if (command === 'disablebyid') return { kind: 'disable', id: name }
  if (command === 'enablebyid') return { kind: 'enable', id: name }
  if (command === 'restartbyid') return { kind: 'restart', id: name }
  if (command === 'restartbytype') return { kind: 'restart-type', type: name.toLowerCase() }
  return undefined
}

/** The user that a process runs as. */
export async function ownUser(world: World): Promise<string | undefined> {
  const rows = await world.processes.list()
  return rows.find(({ pid }) => pid === world.processes.pid)?.user
}

/** What `pmtool status` prints. (public P36, P07; the empty line between two blocks is invented) */
export function statusText(daemons: readonly DaemonStatus[]): string {
  return `Received status (0): \nGlobal Environment:\nPATH=${PATH}\nDaemons:\n${daemons.map(block).join('\n')}`
}

function block(daemon: DaemonStatus): string {
  const lines = [
    `${daemon.name} (${daemon.type}) - ${daemon.pid === undefined ? daemon.state : `${daemon.state} ${daemon.pid}`}`,
    `Command: ${daemon.command}`,
    ...Object.entries(daemon.environment).map(([name, value]) => `${name}=${value}`),
    `PID File: ${daemon.pidFile}`,
    `Enable File: ${daemon.enableFile}`,
    'CPU Affinity: ',
    'Priority: 0',
    `Stop Timeout: ${daemon.stopTimeoutMs / 1_000}`,
    `Next start: ${daemon.nextStartMs === undefined ? '' : ctime(daemon.nextStartMs)}`,
    ...(daemon.requires.length > 0 ? [`Requires: ${daemon.requires.join(',')}`] : []),
    ...(daemon.requiredBy.length > 0 ? [`Required by: ${daemon.requiredBy.join(',')}`] : []),
    'CGroups: memory=System(enrolled)',
  ]
  return `${lines.join('\n')}\n`
}

/** A time as C's `ctime` prints it, e.g. `Thu Jan 26 12:18:16 2017`. */
function ctime(epochMs: number): string {
  const text = new Date(epochMs).toUTCString() // Thu, 26 Jan 2017 12:18:16 GMT
  const [, weekday, day, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/.exec(text)!
  return `${weekday} ${month} ${String(Number(day)).padStart(2, ' ')} ${time} ${year}`
}
