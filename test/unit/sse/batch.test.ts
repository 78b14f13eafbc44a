import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IngestBatch } from '../../../shared/contract/ingest.ts'
import { batchProblem } from '../../../services/sse/ingest/batch.ts'
import { createCommitter } from '../../../services/sse/ingest/committer.ts'
import { batchOf } from './cloud-lab.ts'

/** What JSON can hold where a value of a batch should be. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 'intrusion', 0, -1, 1, 1.5, 2, 430_000, 430_001, 430_005, 430_006, 1e308, 2 ** 53, [], {}, [1], {
    a: {},
  }),
  fc.jsonValue(),
)

const event = fc.record(
  {
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('intrusion', 'connection', 'file', 'malware') }, anything),
    id: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 430_001, max: 430_005 }) }, anything),
    time: fc.oneof({ weight: 9, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) }, anything),
    fields: fc.oneof(
      { weight: 9, arbitrary: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }))) },
      anything,
    ),
    extra: anything,
  },
  { requiredKeys: ['type', 'id', 'time', 'fields'] },
)

const batch = fc.record({
  first: fc.oneof({ weight: 19, arbitrary: fc.constant(1) }, anything),
  last: fc.oneof({ weight: 19, arbitrary: fc.constant(Number.MAX_SAFE_INTEGER) }, anything),
  events: fc.oneof(
    {
      weight: 19,
      arbitrary: fc.array(fc.record({ number: fc.oneof({ weight: 19, arbitrary: fc.integer({ min: 1 }) }, anything), event })),
    },
    anything,
  ),
})

/** As it comes over the wire. zod has its own mind about a key named __proto__. */
const wire = fc
  .oneof(batch, anything)
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('__proto__'))

describe('batchProblem', () => {
  test('takes nothing that the contract refuses and refuses nothing that it takes, but numbers outside first to last', () => {
    fc.assert(
      fc.property(wire, (text) => {
        const value: unknown = JSON.parse(text)
        const contract = IngestBatch.safeParse(value)
        const problem = batchProblem(value)
        const inRange =
          contract.success &&
          contract.data.first <= contract.data.last &&
          contract.data.events.every(({ number }) => number >= contract.data.first && number <= contract.data.last)
        expect(problem === undefined).toBe(inRange)
      }),
      { numRuns: 1_000 },
    )
  })

  test('takes good batches', () => {
    expect(batchProblem(batchOf(1, 200))).toBeUndefined()
    expect(batchProblem({ first: 1, last: 1, events: [], more: 1 })).toBeUndefined()
  })

  test('infinite numbers, which JSON can write, are none', () => {
    const text = JSON.stringify(batchOf(1, 1)).replace('1767614400000', '1e999')
    expect(batchProblem(JSON.parse(text))).toBe('events[0]: time is a number')
  })
})

const waiting = (device: number, heard: string[]) => ({
  device,
  events: [],
  stored: () => heard.push(`stored ${device}`),
  failed: (error: unknown) => heard.push(`failed ${device}: ${String(error)}`),
})

describe('committer', () => {
  test('what arrives in one turn is one transaction, and acknowledged after it', async () => {
    const heard: string[] = []
    const committer = createCommitter((batches) => heard.push(`transaction of ${batches.length}`))
    committer.add(waiting(1, heard))
    committer.add(waiting(2, heard))
    expect(heard).toEqual([])
    await new Promise(setImmediate)
    committer.add(waiting(3, heard))
    await new Promise(setImmediate)
    expect(heard).toEqual(['transaction of 2', 'stored 1', 'stored 2', 'transaction of 1', 'stored 3'])
  })

  test('when the store throws, all of them hear of it and the next turn is unharmed', async () => {
    const heard: string[] = []
    let broken = true
    const committer = createCommitter(() => {
      if (broken) throw new Error('disk full')
    })
    committer.add(waiting(1, heard))
    committer.add(waiting(2, heard))
    await new Promise(setImmediate)
    broken = false
    committer.add(waiting(3, heard))
    committer.flush()
    expect(heard).toEqual(['failed 1: Error: disk full', 'failed 2: Error: disk full', 'stored 3'])
    await new Promise(setImmediate)
    expect(heard).toHaveLength(3)
  })
})
