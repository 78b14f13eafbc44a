import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startComposeLab } from '../../services/lab/compose/compose-lab.ts'
import { docker } from '../../services/lab/compose/docker.ts'
import { buildImages } from '../../services/lab/compose/images.ts'
import { prefixesOf } from '../../services/lab/compose/numbers.ts'
import type { OperatedLab } from '../../services/lab/operated-lab.ts'
import { ADMIN_PORT } from '../../shared/contract/admin.ts'
import { REGIONS } from '../../shared/contract/region.ts'
import { ADDRESSES, PROXY_PORT } from '../../shared/contract/topology.ts'
import { Symptom, type SymptomInput } from '../../shared/scenario/schema.ts'
import { until } from '../../shared/scenario/verify.ts'
import type { Lab } from '../../shared/scenario/lab.ts'
import { until as eventually } from './composed-lab.ts'
import { withEngine } from './with-engine.ts'

/** Starts take time, and two labs share a machine. */
const WITHIN_MS = 400_000

const shows = async (lab: Lab, symptom: SymptomInput) => expect(await until(lab, Symptom.parse(symptom))).toMatchObject({ held: true })

/** Logs in, types a line, waits until the terminal shows what it should, and leaves. */
async function shownByTyping(lab: OperatedLab, host: string, line: string, isShown: (shown: string) => boolean): Promise<void> {
  const stdin = new PassThrough()
  let shown = ''
  const session = lab.terminal(host, { shell: 'clish', stdin, stdout: { write: (data) => void (shown += data.toString()) }, columns: 80 })
  stdin.write(`${line}\r`)
  await eventually(`the answer of ${host}`, async () => isShown(shown) || shown)
  stdin.write('exit\r')
  expect(await session).toBe(0)
}

/** What Docker still has of a project. */
async function leftOf(project: string): Promise<string> {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`, '--quiet']
  const kinds = [
    ['ps', '--all'],
    ['volume', 'ls'],
    ['network', 'ls'],
  ]
  return (await Promise.all(kinds.map((kind) => docker([...kind, ...filter])))).map(({ stdout }) => stdout).join('')
}

describe.runIf(withEngine)('a lab of containers', () => {
  beforeAll(() => buildImages())

  test('breaks and heals as every lab does, and loses no event', { timeout: WITHIN_MS }, async () => {
    await using lab = await startComposeLab({ ftds: 1, speed: 30 })
    expect((await lab.hosts()).map(({ name, healthy }) => ({ name, healthy }))).toEqual(
      ['dns', 'gateway', 'proxy', 'fmc', 'sse', 'ftd1'].map((name) => ({ name, healthy: true })),
    )
    expect((await lab.exec('ftd1', 'show network')).output).toContain(`DNS Servers               : ${ADDRESSES.dns}`)

    const fault = await lab.inject({ kind: 'net.drop', to: 'eventing-ingest.sse.itd.cisco.com' })
    expect(lab.faults()).toEqual([fault])
    const now = lab.now()
    await lab.sendEvents(
      'ftd1',
      Array.from({ length: 300 }, (_, port) => ({ type: 'intrusion', id: 430001, time: now, fields: { DstPort: port } })),
    )
    await shows(lab, { see: 'events', device: 'ftd1', arriving: false, within: '15m' })
    await lab.cure(fault.id)
    await shows(lab, { see: 'events', device: 'ftd1', arriving: true, lost: 0, within: '20m' })
    expect(lab.faults()).toEqual([])
  })

  test('has another one beside it, with the same addresses inside and nothing between them', { timeout: WITHIN_MS }, async () => {
    await using first = await startComposeLab({ ftds: 1, speed: 10 })
    await using second = await startComposeLab({ ftds: 1, speed: 10 })
    expect(second.project).not.toBe(first.project)
    expect(second.url).not.toBe(first.url)
    await first.inject({ kind: 'device.dns', host: 'ftd1', servers: [ADDRESSES.nobody] })
    const asks = { see: 'cli', host: 'ftd1', run: 'curl -k https://api-sse.cisco.com' } as const
    await shows(first, { ...asks, exit: 6 })
    await shows(second, { ...asks, exit: 0 })
    for (const lab of [first, second])
      expect((await lab.exec('ftd1', 'ip -4 -oneline address show eth0')).output).toContain(`inet ${ADDRESSES.ftd1}/24`)
  })

  test('takes no notice of networks that another lab takes away while it looks which are free', async () => {
    const own = `ftdlab-test-${process.pid}`
    onTestFinished(async () => void (await docker(['network', 'rm', own])))
    await docker(['network', 'create', '--subnet', '198.19.255.0/24', own])
    expect(await prefixesOf(['0123456789ab', own, 'ba9876543210'])).toEqual(['198.19.255.0/24'])
  })

  test('has as many devices as asked for, in another region, behind a proxy', { timeout: WITHIN_MS }, async () => {
    await using lab = await startComposeLab({ ftds: 3, region: 'eu', internet: 'proxy', speed: 5 })
    const devices = ['ftd1', 'ftd2', 'ftd3']
    expect((await lab.hosts()).filter(({ kind, healthy }) => kind === 'ftd' && healthy).map(({ name }) => name)).toEqual(devices)
    for (const device of devices) await shows(lab, { see: 'cloud', device, registered: true })
    const tried = ['', `-x http://${ADDRESSES.proxy}:${PROXY_PORT}`].map((proxy) =>
      lab.exec('ftd3', `curl -k -o /dev/null -m 20 ${proxy} https://${REGIONS.eu.api}`),
    )
    expect((await Promise.all(tried)).map(({ exitCode }) => exitCode)).toEqual([28, 0])
  })

  test('opens terminals and connections, and Ctrl-C ends a command', { timeout: WITHIN_MS }, async () => {
    await using lab = await startComposeLab({ ftds: 1, speed: 5 })
    await shownByTyping(lab, 'ftd1', 'show network', (shown) => shown.includes(`DNS Servers               : ${ADDRESSES.dns}`))

    const users = (['clish', 'expert', 'root'] as const).map((shell) => lab.exec('fmc', 'id -un', { shell }))
    expect((await Promise.all(users)).map(({ output }) => output)).toEqual(['admin\n', 'admin\n', 'root\n'])
    await shownByTyping(lab, 'fmc', 'whoami', (shown) => /^admin\r$/m.test(shown))

    const conn = await lab.dial('dns', ADMIN_PORT)
    conn.write('GET /v1/records HTTP/1.0\r\n\r\n')
    expect((await conn.toArray()).join('')).toMatch(/^HTTP\/1\.1 401 /)
    ;(await lab.dial('fmc', 443)).destroy()
    await expect(lab.dial('fmc', 81)).rejects.toMatchObject({ code: 'ECONNREFUSED' })

    const ctrlC = new AbortController()
    const waiting = lab.exec('ftd1', 'sleep 1000', { signal: ctrlC.signal })
    ctrlC.abort()
    expect((await waiting).exitCode).toBe(130)
  })

  test('shows what a command printed in the order of a terminal, or each stream for itself', { timeout: WITHIN_MS }, async () => {
    await using lab = await startComposeLab({ ftds: 1, speed: 5 })
    const numbers = Array.from({ length: 300 }, (_, index) => index + 1)
    const command = `for i in $(seq ${numbers.length}); do echo "out $i"; echo "err $i" >&2; done; exit 3`
    const lines = (...words: string[]) => numbers.flatMap((number) => words.map((word) => `${word} ${number}\n`)).join('')
    for (const shell of ['root', 'expert'] as const)
      expect(await lab.exec('ftd1', command, { shell })).toMatchObject({ exitCode: 3, output: lines('out', 'err') })
    expect(await lab.exec('ftd1', command, { shell: 'root', apart: true })).toMatchObject({
      exitCode: 3,
      stdout: lines('out'),
      stderr: lines('err'),
    })
  })

  test('goes with the process that started it, however that ends', async () => {
    const project = `ftdlab-killed-${process.pid}`
    const starting = fork(join(import.meta.dirname, 'start-only.ts'), [project], { stdio: 'inherit' })
    await eventually('containers', async () => ((await leftOf(project)) === '' ? 'none' : true))
    starting.kill('SIGKILL')
    await once(starting, 'exit')
    await eventually('nothing left', async () => {
      const left = await leftOf(project)
      return left === '' ? true : left
    })
  })

  test('a port that somebody listens on fails the start with Docker’s words, not with what the other hosts still wait for', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await expect(startComposeLab({ ftds: 1, port })).rejects.toMatchObject({
      code: 'LAB_STATE_BROKEN',
      message: expect.stringMatching(/^the containers did not start: .*address already in use/s),
    })
  })

  test('a port that is none fails the start, names the logs and leaves nothing', async () => {
    const project = `ftdlab-refused-${process.pid}`
    await expect(startComposeLab({ project, ftds: 1, port: 70_000 })).rejects.toMatchObject({
      code: 'LAB_STATE_BROKEN',
      message: expect.stringContaining(`${project}.log`),
    })
    expect(await leftOf(project)).toBe('')
  })
})
