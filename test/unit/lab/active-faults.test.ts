import { expect, test } from 'vitest'
import { activeFaults } from '../../../services/lab/active-faults.ts'
import { createSim } from '../../../shared/sim/sim.ts'
import { fakeSite } from '../fault/fake-site.ts'

test('a fault that is done otherwise than it explains says so as long as it is active', async () => {
  const site = Object.assign(fakeSite(), { canDelay: false })
  const { clock, random } = createSim({ seed: 1 })
  const { inject, cure, faults } = activeFaults({ site, clock, random })
  const slow = await inject({ kind: 'net.delay', from: 'ftd2', to: 'api-sse.cisco.com', delayMs: 1_000 })
  expect(slow).toMatchObject({
    explanation: 'The gateway delays packets from ftd2 to api-sse.cisco.com by 1000 ms, and the answers likewise.',
    note: 'Done at the proxy, for everything that passes it: gateway: no sch_netem here.',
  })
  const other = await inject({ kind: 'net.loss', to: 'api-sse.cisco.com', percent: 10 })
  expect(other).not.toHaveProperty('note')
  expect(faults()).toEqual([slow, other])
  await cure(slow.id)
  expect(faults()).toEqual([other])
})

/** A lab's faults on a site whose DNS answers can be looked at, and its time. */
function timed(seed = 1) {
  const sim = createSim({ seed })
  const site = fakeSite()
  const { inject, cure, faults } = activeFaults({ site, clock: sim.clock, random: sim.random })
  return {
    site,
    inject,
    cure,
    faults,
    pass: (durationMs: number) => sim.advance(durationMs),
    isSilent: () => site.state.overrides.length > 0,
  }
}
const MINUTE_MS = 60_000

test('a fault that begins later and ends early does so, and is gone then', async () => {
  const { inject, faults, pass, isSilent } = timed()
  const fault = await inject({ kind: 'dns.no-answer', when: { after: '5m', for: '2m' } })
  expect(fault).toMatchObject({ state: 'waiting', explanation: expect.stringMatching(/\. It begins after 5m, lasts 2m\.$/) })
  await pass(5 * MINUTE_MS - 1)
  expect(isSilent()).toBe(false)
  await pass(2)
  expect([isSilent(), faults()[0]?.state]).toEqual([true, 'acting'])
  await pass(2 * MINUTE_MS)
  expect([isSilent(), faults()]).toEqual([false, []])
})

test('a fault that comes again and again is taken back for good, also while it acts', async () => {
  const { inject, cure, faults, pass, isSilent } = timed()
  const { id } = await inject({ kind: 'dns.no-answer', when: { for: '1m', every: '10m' } })
  const seen: boolean[] = []
  for (let minute = 0; minute < 30; minute++) {
    seen.push(isSilent())
    await pass(MINUTE_MS)
  }
  expect(seen.flatMap((silent, minute) => (silent ? [minute] : []))).toEqual([0, 10, 20])
  expect(isSilent()).toBe(true)
  await cure(id)
  expect([isSilent(), faults()]).toEqual([false, []])
  await pass(60 * MINUTE_MS)
  expect(isSilent()).toBe(false)
})

test('the dice of a fault are those of the seed', async () => {
  const comes = async (seed: number) => {
    const { inject, pass, isSilent } = timed(seed)
    await inject({ kind: 'dns.no-answer', when: { for: '1m', every: '2m', chance: 0.5 } })
    const seen: boolean[] = []
    for (let time = 0; time < 40; time++) {
      seen.push(isSilent())
      await pass(2 * MINUTE_MS)
    }
    return seen
  }
  const first = await comes(7)
  expect(first.filter((came) => came).length).toBeGreaterThan(10)
  expect(first.filter((came) => !came).length).toBeGreaterThan(10)
  expect(await comes(7)).toEqual(first)
  expect(await comes(8)).not.toEqual(first)
})

test('a fault that cannot begin when its time has come says why, and can be taken back', async () => {
  const { inject, cure, faults, pass } = timed()
  const { id } = await inject({ kind: 'device.dns', host: 'ftd9', servers: [], when: { after: '1m' } })
  await pass(2 * MINUTE_MS)
  expect(faults()).toMatchObject([{ state: 'failed', note: expect.stringMatching(/no ftd host is called ftd9/) }])
  await cure(id)
  expect(faults()).toEqual([])
})

test.each([
  [{ after: 'soon' }, 'when.after: write a duration such as 10s, 5m, 2h'],
  [{ every: '5m' }, 'when.every: what comes again must go: give `for`, shorter than `every`'],
  [{ every: '5m', for: '5m' }, 'when.every: what comes again must go: give `for`, shorter than `every`'],
  [{ chance: 2 }, 'when.chance: '],
  [{ til: '5m' }, 'when: '],
])('a timing that is none is refused: %j', async (when, message) => {
  await expect(timed().inject({ kind: 'dns.no-answer', when } as never)).rejects.toMatchObject({
    code: 'LAB_BAD_INPUT',
    message: expect.stringContaining(`dns.no-answer: ${message}`),
  })
})
