import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import type { TerminalSession } from '../../../shared/host/host.ts'
import { errno } from '../../../shared/kernel/errors.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import type { Appliance } from './shells.ts'

/**
 * Runs in the operator's container: connects, says so with one byte, and passes everything on. Ends with the connection, also when only the other side has ended
 * it (Docker cannot tell the end of one stream), or with the error's code on its standard error.
 */
const CONNECT = `const s = require('net').connect({ host: process.argv[1], port: +process.argv[2] });
s.on('error', (e) => { process.stderr.write(e.code); process.exit(1) });
s.on('connect', () => { process.stdout.write('c'); s.pipe(process.stdout); process.stdin.pipe(s) });
s.on('close', () => process.exit())`

/** Connects to a lab host from the operator's container, through the standard streams of a process there. Rejects as the kernel there does. */
export async function dialInContainer(container: string, host: string, port: number): Promise<Conn> {
  const process = spawn('docker', ['exec', '--interactive', container, 'node', '-e', CONNECT, host, String(port)], { stdio: 'pipe' })
  let why = ''
  process.stderr.on('data', (data: Buffer) => (why += data.toString()))
  process.stdin.on('error', () => {}) // What ends it ends the connection.
  const connected = await Promise.race([
    once(process.stdout, 'readable').then(() => process.stdout.read(1) !== null),
    once(process, 'close').then(() => false),
  ])
  if (!connected) {
    if (process.exitCode === null) await once(process, 'close')
    throw errno(/^[A-Z]+$/.test(why) ? why : 'EIO', 'connect', `${host}:${port}`)
  }
  const { stdin, stdout } = process
  // (`Duplex.from` would report every end of ours as an error.)
  const conn = new Duplex({
    read: () => void stdout.resume(),
    write: (data, _encoding, done) => void stdin.write(data, done),
    final: (done) => void stdin.end(done),
    destroy: (error, done) => {
      process.kill()
      done(error)
    },
  })
  stdout.on('data', (data: Buffer) => {
    if (!conn.push(data)) stdout.pause()
  })
  stdout.once('end', () => conn.push(null))
  return Object.assign(conn, { resetAndDestroy: () => conn.destroy() })
}

/** A session of one of the appliance's own shells: raw bytes both ways, as a terminal sends and shows them. */
export async function terminalInContainer(
  { container, kind }: Appliance,
  { shell, stdin, stdout, columns, signal }: TerminalSession,
): Promise<number> {
  const words = [
    'exec',
    '--interactive',
    '--env',
    `COLUMNS=${columns}`,
    container,
    'node',
    `/lab/services/${kind}/main.cjs`,
    '--command',
    shell,
  ]
  const session = spawn('docker', words, { stdio: ['pipe', 'pipe', 'pipe'] })
  for (const stream of [session.stdout, session.stderr]) stream.on('data', (data: Buffer) => stdout.write(data))
  session.stdin.on('error', () => {}) // The session has ended.
  stdin.pipe(session.stdin, { end: false })
  // A process in a container outlives who started it: whoever hangs up ends what runs there. A hang-up is known right after the end of the input.
  stdin.once('end', () => setImmediate(() => session.stdin.end(signal?.aborted === true ? '\x03' : '')))
  stdin.once('close', () => stdin.readableEnded || session.stdin.end('\x03'))
  const [code] = (await once(session, 'close')) as [number | null]
  stdin.unpipe(session.stdin)
  return code ?? 1
}
