import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceEvent, EVENT_LOG, EventType } from '../../../shared/contract/event.ts'
import { EVENT_SOCKET } from '../../../shared/contract/ingest.ts'
import { seededRandom } from '../../../shared/kernel/seeded-random.ts'
import { makeEvent } from '../../../services/ftd/events.ts'
import { CLOUD_SETTINGS } from '../../../services/ftd/paths.ts'
import { createEventHandler } from '../../../services/ftd/processes/event-handler.ts'
import { parseEventLine } from '../../../services/ftd/processes/event-line.ts'
import { eventBench, upTo } from './event-bench.ts'
import { cloudOn } from './fake-estate.ts'

describe('EventHandler', () => {
  test('numbers events by their place in the log, sends them once and remembers what is acknowledged', async () => {
    const { sim, start, append, line, stored, batches, state, world } = await eventBench()
    await start('/EventHandler')
    await start('/connector')
    await append(line(), line())
    await sim.advance(0)
    await append(line())
    await sim.advance(3_000)
    expect([...stored]).toEqual([1, 2, 3])
    expect(batches.map(({ first, last }) => [first, last])).toEqual([[1, 2], [3, 3]]) // prettier-ignore
    const { size } = await world.files.stat(EVENT_LOG)
    expect(await state()).toEqual({ acknowledged: 3, skipped: 0, seen: 3, first: 1, offset: size })
  })

  test('sends a single event at once, and gathers what follows for three seconds', async () => {
    const { sim, start, append, line, batches } = await eventBench()
    await start('/EventHandler')
    await start('/connector')
    await append(line())
    await sim.advance(0)
    expect(batches.map(({ first, last }) => [first, last])).toEqual([[1, 1]])
    for (let second = 0; second < 2; second++) {
      await append(line())
      await sim.advance(1_000)
    }
    expect(batches).toHaveLength(1)
    await sim.advance(1_000)
    expect(batches.map(({ first, last }) => [first, last]).slice(1)).toEqual([[2, 3]])
  })

  test('sends a backlog in batches of at most 200', async () => {
    const { sim, start, append, line, batches } = await eventBench()
    await append(...Array.from({ length: 450 }, () => line()))
    await start('/EventHandler')
    await start('/connector')
    await sim.advance(0)
    expect(batches.map(({ events }) => events.length)).toEqual([200, 200, 50])
  })

  test('counts types that are not selected as skipped, and security-related connections as selected', async () => {
    const { sim, start, append, line, stored, state, world } = await eventBench()
    await world.files.write(
      CLOUD_SETTINGS,
      JSON.stringify(cloudOn({ send: { intrusion: true, file: false, connection: true, allConnections: false } })),
    )
    await start('/EventHandler')
    await start('/connector')
    const connection = (priority: string) => line('connection').replace(/"EventPriority":"\w+"/, `"EventPriority":"${priority}"`)
    await append(line('intrusion'), line('file'), line('malware'), connection('Low'), connection('High'), line('file'))
    await sim.advance(0)
    expect([...stored]).toEqual([1, 5])
    expect(await state()).toMatchObject({ acknowledged: 6, skipped: 4, seen: 6 })
  })

  test('skips lines that are no events, each with a number of its own', async () => {
    const { sim, start, append, line, stored, state } = await eventBench()
    await start('/EventHandler')
    await start('/connector')
    await append(line(), 'rubbish\n', '\n', '{"type":"intrusion"}\n', line(), line().slice(0, 40))
    await sim.advance(0)
    expect([...stored]).toEqual([1, 5])
    expect(await state()).toMatchObject({ acknowledged: 5, skipped: 3, seen: 5 })
  })

  test('holds everything back while the cloud is off, and sends it when it is on', async () => {
    const { sim, start, append, line, stored, world } = await eventBench()
    await world.files.write(CLOUD_SETTINGS, JSON.stringify(cloudOn({ enabled: false })))
    await start('/EventHandler')
    await start('/connector')
    await append(line(), line())
    await sim.advance(120_000)
    expect(stored.size).toBe(0)
    await world.files.write(CLOUD_SETTINGS, JSON.stringify(cloudOn()))
    await sim.advance(0)
    expect([...stored]).toEqual([1, 2])
  })

  test('sends again what got no acknowledgement for 30 s', async () => {
    const { sim, start, append, line, stored, cloud } = await eventBench()
    cloud.acknowledges = false
    await start('/EventHandler')
    await start('/connector')
    await append(line())
    await sim.advance(29_000)
    cloud.acknowledges = true
    await append(line())
    expect(stored.size).toBe(0)
    await sim.advance(1_000)
    expect([...stored]).toEqual([1, 2])
  })

  test('sends again at once to a new connector', async () => {
    const { sim, start, append, line, stored, cloud } = await eventBench()
    cloud.acknowledges = false
    await start('/EventHandler')
    const connector = await start('/connector')
    await append(line())
    await sim.advance(0)
    connector.kill('SIGKILL')
    cloud.acknowledges = true
    await start('/connector')
    await sim.advance(0)
    expect([...stored]).toEqual([1])
  })

  test('goes on with the numbers when the log was emptied', async () => {
    const { sim, start, append, line, stored, world } = await eventBench()
    await start('/EventHandler')
    await start('/connector')
    await append(line(), line())
    await sim.advance(0)
    await world.files.write(EVENT_LOG, '')
    await append(line())
    await sim.advance(3_000)
    expect([...stored]).toEqual([1, 2, 3])
  })

  test('takes its sockets away in good order, and leaves them when it is killed', async () => {
    const { sim, start, world } = await eventBench()
    const child = await start('/EventHandler')
    child.kill('SIGTERM')
    await sim.advance(0)
    await expect(world.files.stat(EVENT_SOCKET)).rejects.toMatchObject({ code: 'ENOENT' })
    ;(await start('/EventHandler')).kill('SIGKILL')
    expect((await world.files.stat(EVENT_SOCKET)).kind).toBe('socket')
  })

  test('loses nothing, whichever process is killed whenever', async () => {
    const step = fc.record({
      appended: fc.integer({ min: 0, max: 450 }),
      // Turns of the event loop after which the kill comes: in the middle of the work that the new lines cause.
      turns: fc.integer({ min: 0, max: 12 }),
      passMs: fc.constantFrom(0, 0, 1_000, 31_000, 61_000),
      kill: fc.constantFrom('EventHandler', 'connector', 'none', 'none'),
      acknowledges: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 50_000, 10_000_000),
        async (steps, segmentBytes) => {
          const { sim, start, append, line, stored, mixedUp, cloud, state } = await eventBench(createEventHandler({ segmentBytes }))
          let handler = await start('/EventHandler')
          let connector = await start('/connector')
          let total = 0
          for (const { appended, turns, passMs, kill, acknowledges } of steps) {
            cloud.acknowledges = acknowledges
            if (appended > 0) await append(...Array.from({ length: appended }, () => line()))
            total += appended
            for (let turn = 0; turn < turns; turn++) await nextTurn()
            if (passMs > 0) await sim.advance(passMs)
            if (kill === 'EventHandler') {
              handler.kill('SIGKILL')
              handler = await start('/EventHandler')
            }
            if (kill !== 'none') {
              connector.kill('SIGKILL')
              connector = await start('/connector')
            }
          }
          cloud.acknowledges = true
          await sim.advance(31_000)
          expect([...stored].sort((a, b) => a - b)).toEqual(upTo(total))
          expect(mixedUp).toEqual([])
          if (total > 0) expect(await state()).toMatchObject({ acknowledged: total, skipped: 0 })
          await sim.close()
        },
      ),
      { numRuns: 15, seed: 11 },
    )
  })
})

describe('an event line', () => {
  test('is an event exactly when the contract says so', () => {
    const almost = fc.record(
      {
        type: fc.constantFrom('intrusion', 'connection', 'file', 'malware', 'other', 1),
        id: fc.oneof(fc.integer({ min: 430_000, max: 430_006 }), fc.double(), fc.string()),
        time: fc.oneof(fc.double(), fc.integer(), fc.string()),
        fields: fc.oneof(
          fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null))),
          fc.constant([]),
          fc.constant(null),
        ),
        extra: fc.string(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          almost,
          fc.json().map((text) => JSON.parse(text) as unknown),
        ),
        (value) => {
          const line = JSON.stringify(value)
          expect(parseEventLine(line) !== undefined).toBe(DeviceEvent.safeParse(JSON.parse(line)).success)
        },
      ),
      { seed: 4 },
    )
  })

  test('made by the lab is one, for every type', () => {
    const dice = seededRandom(1)
    for (const type of EventType.options) {
      const line = JSON.stringify(makeEvent(type, dice, 1_767_614_400_000, 'uuid'))
      expect(parseEventLine(line)).toMatchObject({ type })
      expect(line).toMatch(/"SrcIP":"198\.51\.100\.\d+"/)
    }
  })
})
