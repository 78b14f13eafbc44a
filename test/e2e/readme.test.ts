import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { RunningRecord } from '../../services/lab/state/record.ts'
import { ROOT } from './cli.ts'

// Each step is a process of its own: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

// Every shell command of README is run as it stands there, but for the ports and the folder of this test's lab.

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = (language: string) =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map((match) => match[1]!)
const commands = blocks('sh').flatMap((block) =>
  block
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, ''))
    .filter((line) => line !== ''),
)

let home: string
let lab: ChildProcess
let record: RunningRecord

/** A command of README for this test's lab. */
function here(command: string): string {
  const { console: consolePort, fmc, connect: door } = record.doors
  return command
    .replaceAll('.ftdlab/', `${home}/`)
    .replaceAll(':8080', `:${consolePort}`)
    .replaceAll(':8443', `:${fmc}`)
    .replaceAll(':8089', `:${door}`)
}

async function shell(command: string, program = 'sh'): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, ['-c', command], {
    cwd: ROOT,
    env: { ...process.env, FTDLAB_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, output: stdout + stderr }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'ftdlab-readme-'))
  // What `npm ci && npm start` does once everything is installed.
  lab = spawn('npm', ['start', '--', '--port', '0'], {
    cwd: ROOT,
    env: { ...process.env, FTDLAB_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    lab.stdout!.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.includes('Ctrl-C ends the lab')) resolve()
    })
    lab.on('exit', () => reject(new Error(`npm start ended: ${printed}`)))
  })
  record = JSON.parse(readFileSync(join(home, 'lab.json'), 'utf8')) as RunningRecord
})

afterAll(async () => {
  // Ctrl-C in a terminal goes to everything in it.
  if (lab?.pid !== undefined && lab.exitCode === null) {
    const ended = new Promise((resolve) => lab.on('exit', resolve))
    process.kill(-lab.pid, 'SIGINT')
    await ended
  }
  rmSync(home, { recursive: true, force: true })
})

/** What a command must do, by what README says of it; in README's order. */
const expected: readonly { readonly command: RegExp; readonly code?: number; readonly prints: RegExp; readonly soon?: true }[] = [
  { command: /^npx ftdlab exec ftd1 'curl .*'$/, prints: /403 Forbidden[^]*left intact/ },
  { command: /^npx ftdlab fault add device\.dns /, prints: /^f1 / },
  { command: /^npx ftdlab exec ftd1 'curl .*'$/, code: 6, prints: /curl: \(6\) Couldn't resolve host/ },
  { command: /^npx ftdlab exec ftd1 'nslookup .*'$/, code: 1, prints: /no servers could be reached/ },
  { command: /^npx ftdlab exec ftd1 'show network'$/, prints: /192\.0\.2\.10/ },
  { command: /^npx ftdlab exec ftd1 'configure network dns servers .*'$/, prints: /^/ },
  { command: /^npx ftdlab status$/, prints: /^healthy\n[^]*\b0 lost/, soon: true },
  { command: /^curl --cacert .* --proxy .*$/, prints: /"fqdn":"api-sse\.cisco\.com"/ },
  { command: /^curl -sk -X POST .*generatetoken$/, prints: /204 No Content[^]*x-auth-access-token: /i },
  { command: /^curl http:\S+\/api\/status$/, prints: /"healthy":true/ },
]
const COVERED_ELSEWHERE = ['npm ci && npm start', 'npm test']

describe('the shell commands', () => {
  const own = commands.filter((command) => !COVERED_ELSEWHERE.includes(command))

  test('are all here', () => {
    expect(own).toEqual(expected.map(({ command }) => expect.stringMatching(command)))
    expect(commands).toEqual(expect.arrayContaining(COVERED_ELSEWHERE))
    expect(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))).toMatchObject({
      scripts: { start: expect.any(String), test: expect.any(String) },
    })
  })

  const rows = expected.map(({ command: _pattern, ...what }, index) => ({ ...what, command: own[index]! }))
  test.each(rows)('$command', async ({ command, code = 0, prints, soon }) => {
    const run = () => shell(here(command))
    if (soon === true) await expect.poll(async () => (await run()).output, { timeout: 60_000, interval: 100 }).toMatch(prints)
    else expect(await run()).toEqual({ code, output: expect.stringMatching(prints) })
  })
})

test.skipIf(spawnSync('python3', ['-c', 'import zmq']).status !== 0)('the Python ZeroMQ peer gets a batch of events', async () => {
  const [program] = blocks('python')
  const ran = await shell(here(program!), 'python3')
  expect(ran).toEqual({ code: 0, output: expect.stringMatching(/^b'.*"events":/) })
})

describe('a WebSocket client on eventing-ingest, through the CONNECT door', () => {
  const url = /new WebSocket\('([^']+)'/.exec(blocks('js')[0]!)![1]!

  /** The status with which the cloud answers an upgrade: 101, or why not. */
  const upgrade = async (token: string): Promise<number> => {
    const { hostname } = new URL(url)
    const tunnel = request({ host: '127.0.0.1', port: record.doors.connect, method: 'CONNECT', path: `${hostname}:443`, agent: false })
    const raw = await new Promise<Socket>((resolve, reject) => {
      tunnel.on('connect', (_response, socket) => resolve(socket))
      tunnel.on('error', reject)
      tunnel.end()
    })
    const secure = tlsConnect({ socket: raw, servername: hostname, ca: readFileSync(join(home, 'ca.pem')) })
    const socket = new WebSocket(url, { createConnection: () => secure, headers: { authorization: `Bearer ${token}` } })
    try {
      return await new Promise<number>((resolve, reject) => {
        socket.on('open', () => resolve(101))
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!))
        socket.on('error', reject)
      })
    } finally {
      socket.on('error', () => {}) // It may not be open yet.
      socket.terminate()
    }
  }

  test("is let in with the device's own token only", async () => {
    expect(await upgrade('wrong')).toBe(401)
    const { output } = await shell(`npx ftdlab exec ftd1 'cat /ngfw/var/sf/connector/contexts/default.json'`)
    const token = /"accessToken":\s*"([^"]+)"/.exec(output)?.[1]
    expect(token, output).toBeDefined()
    expect(await upgrade(token!)).toBe(101)
  })
})
