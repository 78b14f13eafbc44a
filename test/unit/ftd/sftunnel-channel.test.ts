import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FromDevice, ToDevice } from '../../../shared/contract/sftunnel.ts'
import { lineChannel } from '../../../shared/wire/sftunnel.ts'

describe('the management channel', () => {
  test('carries messages both ways, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 40 }), async (reasons, size) => {
        const [a, b] = duplexPair()
        const got: string[] = []
        const channel = lineChannel(b, ToDevice, (message) => got.push(message.kind === 'refused' ? message.reason : message.kind))
        const bytes = Buffer.from(reasons.map((reason) => `${JSON.stringify({ kind: 'refused', reason })}\n`).join(''))
        for (let at = 0; at < bytes.length; at += size) a.write(bytes.subarray(at, at + size))
        a.resume().end()
        expect(await channel.closed).toBeUndefined()
        expect(got).toEqual(reasons)
      }),
      { numRuns: 30, seed: 6 },
    )
  })

  test.each([
    ['what is not JSON', 'rubbish\n', /^malformed message: not JSON: rubbish$/],
    ['what is no message of the contract', '{"kind":"heartbeat","at":"now"}\n', /^malformed message: at: /],
    ['a line that does not end', 'x'.repeat(1_048_577), /^malformed message: a line of more than 1048576 characters$/],
  ])('ends with an error that names %s', async (_what, text, message) => {
    const [a, b] = duplexPair()
    const got: FromDevice[] = []
    const channel = lineChannel(b, FromDevice, (one) => got.push(one))
    a.on('error', () => {})
    a.resume().write(`{"kind":"heartbeat","at":1}\n${text}`)
    a.write('{"kind":"heartbeat","at":2}\n')
    expect(((await channel.closed) as Error).message).toMatch(message)
    expect(got).toEqual([{ kind: 'heartbeat', at: 1 }])
  })

  test('takes no more messages after its end', async () => {
    const [a, b] = duplexPair()
    const channel = lineChannel(b, ToDevice, () => {})
    a.resume().end()
    await channel.closed
    expect(() => channel.send({ kind: 'heartbeat', at: 1 })).not.toThrow()
  })
})
