import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startComposeLab, type ComposeLab } from '../../services/lab/compose/compose-lab.ts'
import { faultKinds } from '../../shared/fault/catalogue.ts'
import type { Fault } from '../../shared/fault/fault.ts'
import { ADDRESSES, PROXY_PORT } from '../../shared/contract/topology.ts'
import { Symptom, type SymptomInput } from '../../shared/scenario/schema.ts'
import { check } from '../../shared/scenario/probe.ts'
import { until } from '../../shared/scenario/verify.ts'
import { withEngine } from './with-engine.ts'

const API = 'https://api-sse.cisco.com'
const CURL = 'curl -s -k -o /dev/null -m 20'
const TRUSTING = 'curl -s -o /dev/null -m 20 --cacert /ngfw/etc/ssl/connectorCA.pem'
const PROXY = `-x http://${ADDRESSES.proxy}:${PROXY_PORT}`

interface Case {
  readonly fault: Fault
  /** What shows with the fault, and neither before nor after it. */
  readonly shows: SymptomInput
  /** What shows without it. */
  readonly heals: SymptomInput
}

/** A command of the device that ends with 0, or with this while the fault is there. */
const ends = (fault: Fault, run: string, exit: number): Case => {
  const cli = { see: 'cli', host: 'ftd1', run, within: '5m' } as const
  return { fault, shows: { ...cli, exit }, heals: { ...cli, exit: 0 } }
}
/** A command of the device that prints this while the fault is there. */
const prints = (fault: Fault, run: string, match: string): Case => {
  const cli = { see: 'cli', host: 'ftd1', run, match, within: '15m' } as const
  return { fault, shows: cli, heals: { ...cli, not: true } }
}
/** A command of the device that prints this but while the fault is there. */
const lacks = (fault: Fault, run: string, match: string): Case => {
  const { shows, heals } = prints(fault, run, match)
  return { fault, shows: heals, heals: shows }
}

const CASES: readonly Case[] = [
  ends({ kind: 'device.dns', host: 'ftd1', servers: [ADDRESSES.nobody] }, `${CURL} ${API}`, 6),
  prints({ kind: 'device.proxy', host: 'ftd1', address: ADDRESSES.proxy }, 'show network', `^\\S.*: ${ADDRESSES.proxy}$`),
  ends({ kind: 'device.ca-missing', host: 'ftd1', bundle: 'connector' }, `${TRUSTING} ${API}`, 77),
  ends({ kind: 'dns.no-answer' }, `${CURL} ${API}`, 6),
  ends({ kind: 'dns.nxdomain', name: 'api-sse.cisco.com' }, `${CURL} ${API}`, 6),
  ends({ kind: 'file.socket-missing', host: 'ftd1' }, 'test -S /ngfw/var/sf/run/EventHandler_SSEConnector.sock', 1),
  lacks({ kind: 'fmc.cloud-off' }, 'curl -s localhost:8989/v1/contexts/default', 'Enrolled'),
  ends({ kind: 'net.drop', to: 'api-sse.cisco.com' }, `${CURL} ${API}`, 28),
  ends({ kind: 'net.reject', to: 'api-sse.cisco.com' }, `${CURL} ${API}`, 7),
  ends({ kind: 'net.loss', to: 'api-sse.cisco.com', percent: 100 }, `${CURL} ${API}`, 28),
  prints({ kind: 'process.disabled', host: 'ftd1', process: 'SSEConnector' }, 'pmtool status', '^SSEConnector .*User Disabled'),
  ends({ kind: 'proxy.required' }, `${CURL} ${API}`, 28),
  ends({ kind: 'proxy.auth', user: 'cisco', password: 'secret' }, `${CURL} ${PROXY} ${API}`, 56),
  ends({ kind: 'proxy.inspect' }, `${TRUSTING} ${PROXY} ${API}`, 60),
  ends({ kind: 'proxy.slow', delayMs: 9_000 }, `${CURL} ${PROXY} ${API}`, 28),
  ends({ kind: 'tls.expired', name: 'api-sse.cisco.com' }, `${TRUSTING} ${API}`, 60),
  ends({ kind: 'tls.unknown-authority', name: 'api-sse.cisco.com' }, `${TRUSTING} ${API}`, 60),
  ends({ kind: 'time.wrong', host: 'ftd1', by: '-400d' }, `${TRUSTING} ${API}`, 60),
  prints({ kind: 'cloud.unavailable', role: 'mx' }, `${CURL} -v https://mx01.sse.itd.cisco.com`, '^< HTTP/1.1 503 '),
  prints({ kind: 'cloud.rate-limited', role: 'mx' }, `${CURL} -v https://mx01.sse.itd.cisco.com`, '^< HTTP/1.1 429 '),
  ends({ kind: 'cloud.silent', role: 'mx' }, `${CURL} https://mx01.sse.itd.cisco.com`, 28),
  ends({ kind: 'cloud.resets', role: 'mx' }, `${CURL} https://mx01.sse.itd.cisco.com`, 35),
  {
    fault: { kind: 'account.eventing-off' },
    shows: { see: 'events', device: 'ftd1', arriving: false, within: '10m' },
    heals: { see: 'events', device: 'ftd1', arriving: true, lost: 0, within: '20m' },
  },
  ...[{ kind: 'account.no-licences' }, { kind: 'account.device-removed', host: 'ftd1' }].map((fault): Case => ({
    fault,
    shows: { see: 'cloud', device: 'ftd1', registered: false, within: '5m' },
    heals: { see: 'cloud', device: 'ftd1', registered: true, within: '20m' },
  })),
]

/** These are not the same before and after, or not everywhere: each has a test of its own below. */
const APART = ['net.delay', 'process.killed']

describe.runIf(withEngine)('every kind of fault acts on containers', () => {
  let lab: ComposeLab

  beforeAll(async () => {
    lab = await startComposeLab({ ftds: 1 })
  })
  afterAll(() => lab?.[Symbol.asyncDispose]())

  const comes = async (symptom: SymptomInput) => {
    const { held, observed } = await until(lab, Symptom.parse(symptom))
    expect(held, observed).toBe(true)
  }

  test('is in this list', () => {
    expect([...new Set(CASES.map(({ fault }) => fault.kind)), ...APART].toSorted()).toEqual([...faultKinds.keys()].toSorted())
  })

  test.each(CASES)('$fault.kind shows on the device and is gone with its cure', { timeout: 400_000 }, async ({ fault, shows, heals }) => {
    await comes(heals)
    expect((await check(lab, Symptom.parse(shows))).held).toBe(false)
    const { id } = await lab.inject(fault)
    await comes(shows).finally(() => lab.cure(id))
    await comes(heals)
  })

  test('process.killed: the process manager starts another one', { timeout: 400_000 }, async () => {
    const connector = async () => (await lab.exec('ftd1', 'cat /ngfw/var/sf/run/SSEConnector.pid')).stdout.trim()
    const before = await connector()
    await lab.inject({ kind: 'process.killed', host: 'ftd1', process: 'SSEConnector' })
    await comes({ see: 'cli', host: 'ftd1', run: 'pmtool status', match: `^SSEConnector .*Running (?!${before}$)` })
  })

  test('net.delay holds packets back, or says that the kernel cannot', async () => {
    const fault = { kind: 'net.delay', to: 'api-sse.cisco.com', delayMs: 4_000 }
    const abilities = await lab.request('gateway', { method: 'GET', path: '/v1/abilities' })
    const { items } = abilities.body as { items: readonly { name: string; able: boolean; why?: string }[] }
    const delay = items.find(({ name }) => name === 'delay')!
    if (!delay.able) {
      expect(delay.why).toMatch(/^this kernel has no sch_netem/)
      await expect(lab.inject(fault)).rejects.toMatchObject({ code: 'LAB_NOT_EMULATED', message: expect.stringContaining('sch_netem') })
      return
    }
    const { id } = await lab.inject(fault)
    // The kernel's ping measures real time.
    const { stdout } = await lab.exec('ftd1', 'ping -c 1 api-sse.cisco.com')
    expect(Number(/time=([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual((2 * fault.delayMs) / lab.timing.speed)
    await lab.cure(id)
  })
})
