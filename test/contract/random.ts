import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Random } from '../../shared/kernel/random.ts'
import { hostsTest, type MakeHosts } from './hosts.ts'

const rolls = (random: Random, count = 20): number[] => Array.from({ length: count }, () => random.next())

/** What every World's dice must do. */
export function randomContract(name: string, makeHosts: MakeHosts): void {
  describe(`dice of the ${name}`, () => {
    test('the same seed gives the same sequence', async () => {
      await using hosts = await makeHosts()
      await using again = await makeHosts()
      const { a } = hosts
      expect(rolls(a.random)).toEqual(rolls(again.a.random))
      expect(a.random.uuid()).toBe(again.a.random.uuid())
    })

    hostsTest('two hosts have different sequences', makeHosts, async ({ a, b }) => {
      expect(rolls(a.random)).not.toEqual(rolls(b.random))
    })

    test('a stream depends only on its name: other rolls do not move it', async () => {
      await using hosts = await makeHosts()
      await using again = await makeHosts()
      const { a } = hosts
      const first = rolls(a.random.stream('x').stream('y'))
      again.a.random.next()
      again.a.random.stream('z').next()
      const x = again.a.random.stream('x')
      x.next()
      expect(rolls(x.stream('y'))).toEqual(first)
      expect(rolls(a.random.stream('y').stream('x'))).not.toEqual(first)
    })

    hostsTest('numbers stay in their ranges and reach both ends', makeHosts, async ({ a: { random } }) => {
      fc.assert(
        fc.property(fc.integer({ min: -1_000, max: 1_000 }), fc.nat(50), (min, more) => {
          const value = random.int(min, min + more)
          return Number.isInteger(value) && value >= min && value <= min + more
        }),
      )
      const seen = new Set(Array.from({ length: 200 }, () => random.int(1, 3)))
      expect([...seen].sort((a, b) => a - b)).toEqual([1, 2, 3])
      for (const roll of rolls(random, 200)) {
        expect(roll).toBeGreaterThanOrEqual(0)
        expect(roll).toBeLessThan(1)
      }
    })

    hostsTest('chances of none and of one are certain', makeHosts, async ({ a: { random } }) => {
      expect(Array.from({ length: 100 }, () => random.chance(0))).not.toContain(true)
      expect(Array.from({ length: 100 }, () => random.chance(1))).not.toContain(false)
    })

    hostsTest('bytes, UUIDs and picks have their shapes', makeHosts, async ({ a: { random } }) => {
      expect(random.bytes(33)).toHaveLength(33)
      expect(random.bytes(16)).not.toEqual(random.bytes(16))
      expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(['p', 'q']).toContain(random.pick(['p', 'q']))
      expect(() => random.pick([])).toThrow()
    })
  })
}
