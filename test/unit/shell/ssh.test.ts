import { PassThrough } from 'node:stream'
import { generateKeyPairSync } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sshTerminal } from '../../../services/lab/ssh/client.ts'
import { makeHostKey, startSshServer, type SshServer } from '../../../services/lab/ssh/server.ts'
import type { ExecResult } from '../../../shared/host/host.ts'
import type { Log } from '../../../shared/kernel/log.ts'

const log: Log = { child: () => log, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const hostKeyPem = makeHostKey()
const seenColumns: number[] = []
const wantedApart: boolean[] = []
const result = (command: string): ExecResult => ({
  exitCode: 3,
  stdout: `ran ${command}\n`,
  stderr: 'oops\n',
  output: `ran ${command}\noops\n`,
})
let server: SshServer
let aborted: Promise<void>
let hungUp: Promise<void>

beforeEach(async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  aborted = promise
  const hangUp = Promise.withResolvers<void>()
  hungUp = hangUp.promise
  server = await startSshServer({
    port: 0,
    hostKeyPem,
    banner: 'authorised use only\n',
    log,
    open: async (session) => {
      session.stdout.write('> ')
      session.signal?.addEventListener('abort', () => hangUp.resolve())
      return await new Promise<number>((resolve) => {
        session.stdin.on('data', (chunk: Buffer) => {
          seenColumns.push(session.columns)
          session.stdout.write(`[${String(chunk).trim()}]\r\n> `)
          if (String(chunk).includes('exit')) resolve(7)
        })
      })
    },
    exec: async (command, { signal, apart }) => {
      wantedApart.push(apart)
      if (command !== 'hang') return result(command)
      await new Promise<void>((done) => signal.addEventListener('abort', () => done()))
      resolve()
      return result(command)
    },
  })
})
afterEach(() => server[Symbol.asyncDispose]())

function connect(password = 'Admin123'): Promise<ssh2.Client> {
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.on('ready', () => resolve(client))
    client.on('error', reject)
    client.connect({ host: '127.0.0.1', port: server.port, username: 'admin', password })
  })
}

async function exec(client: ssh2.Client, command: string, options: ssh2.ExecOptions = {}) {
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.exec(command, options, (error, opened) => (error ? reject(error) : resolve(opened))),
  )
  let [stdout, stderr] = ['', '']
  channel.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  channel.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number>((resolve) => {
    channel.on('close', resolve)
  })
  return { stdout, stderr, code }
}

test('exec gives both streams and the exit code; a terminal has them in their order', async () => {
  const client = await connect()
  wantedApart.length = 0
  expect(await exec(client, 'show network')).toEqual({ stdout: 'ran show network\n', stderr: 'oops\n', code: 3 })
  expect(await exec(client, 'x', { pty: true })).toEqual({ stdout: 'ran x\r\noops\r\n', stderr: '', code: 3 })
  expect(wantedApart).toEqual([true, false])
  client.end()
})

test('a client that goes away aborts its command', async () => {
  const client = await connect()
  client.exec('hang', () => client.end())
  await aborted
})

test('a wrong password is refused', async () => {
  await expect(connect('wrong')).rejects.toThrow('authentication')
})

test('the terminal: keys in, screen out, window changes, exit code', async () => {
  const stdin = new PassThrough()
  const stdout = Object.assign(new PassThrough(), { columns: 100, rows: 30 })
  let screen = ''
  stdout.on('data', (chunk: Buffer) => (screen += chunk.toString()))
  const shows = async (text: string) => {
    while (!screen.includes(text)) await turn()
  }
  const ended = sshTerminal({ port: server.port, user: 'admin', password: 'Admin123', stdin, stdout })
  await shows('> ')
  stdin.write('hello')
  await shows('[hello]')
  stdout.columns = 120
  stdout.emit('resize')
  stdin.write('exit\r')
  expect(await ended).toBe(7)
  expect(screen).toBe('> [hello]\r\n> [exit]\r\n> ')
  expect(seenColumns).toEqual([100, 120])
})

test('input that ends leaves the session open; a client that goes away hangs up', async () => {
  const client = await connect()
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.shell((error, opened) => (error ? reject(error) : resolve(opened))),
  )
  let screen = ''
  channel.on('data', (chunk: Buffer) => (screen += chunk.toString()))
  channel.end('hello')
  while (!screen.includes('[hello]\r\n> ')) await turn()
  client.end()
  await hungUp
})

test('mistakes are explained', async () => {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough() }
  await expect(sshTerminal({ port: server.port, user: 'admin', password: 'x', ...streams })).rejects.toMatchObject({
    code: 'LAB_UNAUTHORIZED',
  })
  const { port } = server
  await expect(
    startSshServer({ port, hostKeyPem, log, open: async () => 0, exec: async (command) => result(command) }),
  ).rejects.toMatchObject({ code: 'LAB_PORT_IN_USE' })
  await server[Symbol.asyncDispose]()
  await expect(sshTerminal({ port, user: 'admin', password: 'x', ...streams })).rejects.toMatchObject({ code: 'LAB_NOT_RUNNING' })
})

test('a host key in PEM form will do', async () => {
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  await using other = await startSshServer({
    port: 0,
    hostKeyPem: pem.privateKey,
    log,
    open: async () => 0,
    exec: async (command) => result(command),
  })
  expect(other.port).toBeGreaterThan(0)
})

test('every host key can be read, not only most of them', () => {
  for (let made = 0; made < 2_000; made++) expect(ssh2.utils.parseKey(makeHostKey())).not.toBeInstanceOf(Error)
})
