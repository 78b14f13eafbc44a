import { describe, expect } from 'vitest'
import fc from 'fast-check'
import { hostsTest, until, type MakeHosts } from './hosts.ts'
import { collector } from './programs.ts'

const DAY_MS = 86_400_000

/** What every World's clock must do. */
export function clockContract(name: string, makeHosts: MakeHosts): void {
  describe(`clock of the ${name}`, () => {
    hostsTest('a sleep never ends early, and wall time moves with it', makeHosts, async ({ a: { clock } }) => {
      const nowMs = clock.now()
      const uptimeMs = clock.uptimeMs()
      await clock.sleep(50)
      expect(clock.uptimeMs() - uptimeMs).toBeGreaterThanOrEqual(50)
      // Wall time has whole milliseconds, so it may lack one.
      expect(clock.now() - nowMs).toBeGreaterThanOrEqual(49)
      expect(Number.isInteger(clock.now())).toBe(true)
    })

    hostsTest('a timer fires once, and not in the call that makes it', makeHosts, async ({ a: { clock } }) => {
      let fired = 0
      clock.after(0, () => fired++)
      expect(fired).toBe(0)
      await clock.sleep(30)
      expect(fired).toBe(1)
    })

    hostsTest('timers fire by deadline, then in the order they were made', makeHosts, async ({ a: { clock } }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(12), { minLength: 1, maxLength: 25 }), async (delays) => {
          const fired: number[] = []
          // Making a timer takes real time in the os World: its deadline lies between two readings of the clock.
          const bounds = delays.map((delayMs, index) => {
            const from = clock.uptimeMs() + delayMs
            clock.after(delayMs, () => fired.push(index))
            return { from, to: clock.uptimeMs() + delayMs }
          })
          await clock.sleep(13)
          await until({ clock } as never, 'all timers fired', () => fired.length === delays.length)
          for (let i = 1; i < fired.length; i++) {
            const [earlier, later] = [fired[i - 1]!, fired[i]!]
            expect(bounds[earlier]!.from).toBeLessThanOrEqual(bounds[later]!.to)
            if (delays[earlier] === delays[later]) expect(earlier).toBeLessThan(later)
          }
        }),
        { numRuns: 10 },
      )
    })

    hostsTest('a disposed timer does not fire; disposing one that fired or twice is harmless', makeHosts, async ({ a: { clock } }) => {
      const fired: string[] = []
      const cancelled = clock.after(10, () => fired.push('cancelled'))
      const kept = clock.after(11, () => fired.push('kept'))
      // Long after the other, for at many times the speed a machine that is busy for a moment is late by as much.
      const byAnother = clock.after(300, () => fired.push('cancelled by another'))
      clock.after(5, () => byAnother[Symbol.dispose]())
      cancelled[Symbol.dispose]()
      cancelled[Symbol.dispose]()
      await clock.sleep(400)
      kept[Symbol.dispose]()
      expect(fired).toEqual(['kept'])
    })

    hostsTest('a timer can make timers', makeHosts, async ({ a: { clock } }) => {
      const fired: string[] = []
      clock.after(5, () => {
        fired.push('first')
        clock.after(0, () => fired.push('made by first'))
      })
      await clock.sleep(6)
      await until({ clock } as never, 'both fired', () => fired.length === 2)
      expect(fired).toEqual(['first', 'made by first'])
    })

    hostsTest('an aborted sleep rejects with the reason, at once', makeHosts, async ({ a: { clock } }) => {
      const stop = new AbortController()
      const startMs = clock.uptimeMs()
      const sleeping = clock.sleep(3_600_000, stop.signal)
      clock.after(5, () => stop.abort(new Error('enough')))
      await expect(sleeping).rejects.toThrow('enough')
      expect(clock.uptimeMs() - startMs).toBeLessThan(600_000)
      await expect(clock.sleep(5, stop.signal)).rejects.toThrow('enough')
    })

    hostsTest('a host’s clock can be set, and only that host’s', makeHosts, async ({ a, b }) => {
      const wrongMs = a.clock.now() - 400 * DAY_MS
      const rightMs = b.clock.now()
      await a.clock.set(wrongMs)
      expect(a.clock.now() - wrongMs).toBeLessThan(DAY_MS)
      expect(a.clock.now()).toBeGreaterThanOrEqual(wrongMs)
      expect(b.clock.now() - rightMs).toBeLessThan(DAY_MS)
      expect(Number.isInteger(a.clock.now())).toBe(true)
    })

    hostsTest('timers and uptime do not care that the clock was set', makeHosts, async ({ a: { clock } }) => {
      const uptimeMs = clock.uptimeMs()
      const before = [clock.sleep(20), clock.sleep(40)]
      await clock.set(clock.now() + 400 * DAY_MS)
      await Promise.all([...before, clock.sleep(10)])
      expect(clock.uptimeMs() - uptimeMs).toBeGreaterThanOrEqual(40)
      expect(clock.uptimeMs() - uptimeMs).toBeLessThan(DAY_MS)
    })

    hostsTest('the starts of processes move along with the clock', makeHosts, async ({ a }) => {
      const child = await a.processes.spawn('/bin/stubborn')
      const startedMs = async () => (await a.processes.list()).find(({ pid }) => pid === child.pid)!.startedMs
      const beforeMs = await startedMs()
      await a.clock.set(a.clock.now() + 400 * DAY_MS)
      expect(Math.round(((await startedMs()) - beforeMs) / DAY_MS)).toBe(400)
      child.kill('SIGKILL')
      await child.exited
    })

    hostsTest('all processes of the host see that the clock was set, those that run and those to come', makeHosts, async ({ a }) => {
      const running = await a.processes.spawn('/bin/clock-set')
      await a.clock.set(a.clock.now() + 400 * DAY_MS)
      expect(await running.exited).toEqual({ code: 0, signal: null })
      const out = collector()
      const later = await a.processes.spawn('/bin/now', { stdout: out })
      await later.exited
      expect(Math.abs(Number(out.text()) - a.clock.now())).toBeLessThan(DAY_MS)
    })

    hostsTest('files carry the time of the host’s clock', makeHosts, async ({ a }) => {
      await a.clock.set(a.clock.now() - 400 * DAY_MS)
      await a.files.write('/tmp/written', 'x')
      expect(Math.abs((await a.files.stat('/tmp/written')).modifiedMs - a.clock.now())).toBeLessThan(DAY_MS)
    })

    hostsTest('an abort after a sleep is over changes nothing', makeHosts, async ({ a: { clock } }) => {
      const stop = new AbortController()
      await clock.sleep(1, stop.signal)
      stop.abort(new Error('too late'))
      await clock.sleep(1)
    })
  })
}
