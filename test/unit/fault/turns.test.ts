import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTurns } from '../../../shared/host/turns.ts'

test('an entry has exactly the turns after the first `skip`, `times` of them, whatever is asked about others in between or again', () => {
  const entry = fc.record({ skip: fc.integer({ min: 1, max: 5 }), times: fc.integer({ min: 1, max: 5 }) }, { requiredKeys: [] })
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(3), { maxLength: 60 }), (entries, asked) => {
      const isTurn = createTurns()
      const counts = entries.map(() => 0)
      for (const number of asked) {
        const index = number % entries.length
        const { skip = 0, times = Infinity } = entries[index]!
        counts[index]! += 1
        const occasion = {}
        const expected = counts[index]! > skip && counts[index]! <= skip + times
        expect([isTurn(entries[index]!, occasion), isTurn(entries[index]!, occasion)]).toEqual([expected, expected])
      }
    }),
  )
})
