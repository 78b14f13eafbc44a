import { expect, test } from 'vitest'
import { freeNumbers } from '../../../services/lab/compose/numbers.ts'

test('a lab has the documented networks where no other one has them', () => {
  expect(freeNumbers(['172.17.0.0/16', '10.0.0.0/8'])).toEqual({ management: '192.0.2', internet: '203.0.113' })
})

test('a lab beside others takes the first pair of which both are free', () => {
  const taken = ['192.0.2.0/24', '198.18.0.0/24', '198.19.1.0/24']
  expect(freeNumbers(taken)).toEqual({ management: '198.18.2', internet: '198.19.2' })
})

test('networks overlap when one contains the other', () => {
  expect(freeNumbers(['203.0.0.0/16', '198.18.0.128/25'])).toEqual({ management: '198.18.1', internet: '198.19.1' })
})

test('where all are taken it says so', () => {
  expect(() => freeNumbers(['192.0.0.0/8', '198.18.0.0/15'])).toThrow(/every network that a lab could have is taken/)
})
