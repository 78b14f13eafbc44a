import { describe, expect, test } from 'vitest'
import { EVENT_LOG, EVENT_STATE, eventSegment, EventState } from '../../../shared/contract/event.ts'
import type { Files } from '../../../shared/kernel/files.ts'
import type { Program } from '../../../shared/kernel/processes.ts'
import { createEventHandler } from '../../../services/ftd/processes/event-handler.ts'
import { eventBench, upTo } from './event-bench.ts'

/** Files that tell of each operation before it. */
function watched(files: Files, before: (operation: string) => Promise<void>): Files {
  const told = <A extends unknown[], R>(name: string, act: (...args: A) => Promise<R>) =>
    async function (...args: A): Promise<R> {
      await before(name)
      return act(...args)
    }
  return {
    ...files,
    read: told('read', files.read),
    write: told('write', files.write),
    append: told('append', files.append),
    readAt: told('readAt', files.readAt),
    stat: told('stat', files.stat),
    remove: told('remove', files.remove),
    rename: told('rename', files.rename),
  }
}

describe('EventHandler and its log', () => {
  test('sets aside what is acknowledged once it is long, and removes what was set aside before', async () => {
    const { sim, start, append, line, stored, parts, state, world } = await eventBench(createEventHandler({ segmentBytes: 2_000 }))
    await start('/EventHandler')
    await start('/connector')
    const seen: string[][] = []
    for (let round = 0; round < 9; round++) {
      await append(line())
      await sim.advance(60_000)
      seen.push(await parts())
    }
    // Three events are long enough.
    const log = 'events.jsonl'
    expect(seen).toEqual([[log], [log], [log, `${log}.1`], [log, `${log}.1`], [log, `${log}.1`], [log, `${log}.4`], [log, `${log}.4`], [log, `${log}.4`], [log, `${log}.7`]]) // prettier-ignore
    expect([...stored]).toEqual(upTo(9))
    const { size } = await world.files.stat(eventSegment(7))
    expect(await state()).toEqual({ acknowledged: 9, skipped: 0, seen: 9, first: 10, offset: 0, before: { first: 7, bytes: size } })
  })

  test('stays as small when there is always something to send', async () => {
    const { sim, start, append, line, stored, world } = await eventBench(createEventHandler({ segmentBytes: 100_000 }))
    await start('/EventHandler')
    await start('/connector')
    let longest = 0
    for (let second = 0; second < 600; second++) {
      await append(line(), line())
      await sim.advance(1_000)
      longest = Math.max(longest, (await world.files.stat(EVENT_LOG)).size)
    }
    expect(stored.size).toBeGreaterThan(1_190)
    expect(longest).toBeLessThan(130_000)
  })

  test('keeps what was set aside for at least a minute, however fast the log grows', async () => {
    const { sim, start, append, line, parts } = await eventBench(createEventHandler({ segmentBytes: 1 }))
    await start('/EventHandler')
    await start('/connector')
    const since = new Map<string, number>()
    for (let second = 1; second <= 240; second++) {
      await append(line())
      await sim.advance(1_000)
      const there = await parts()
      for (const name of there) if (!since.has(name)) since.set(name, second)
      for (const [name, from] of since) if (!there.includes(name)) expect(second - from).toBeGreaterThanOrEqual(60)
    }
    expect([...since.values()]).toEqual([1, 60, 120, 180, 240])
  })

  test('does not set aside a line that has no end yet', async () => {
    const { sim, start, append, line, contents, parts } = await eventBench(createEventHandler({ segmentBytes: 1 }))
    const handler = await start('/EventHandler')
    const connector = await start('/connector')
    await sim.advance(60_000)
    await append('x'.repeat(5_000_000))
    await sim.advance(60_000)
    await append('x')
    await sim.advance(60_000)
    expect(await parts()).toEqual(['events.jsonl'])
    handler.kill('SIGKILL')
    connector.kill('SIGKILL')
    await start('/EventHandler')
    await start('/connector')
    const text = line()
    await append('\n', text)
    await sim.advance(60_000)
    expect([...contents]).toEqual([[2, text.trimEnd()]])
  })

  test('keeps everything that is not acknowledged, however long the log becomes', async () => {
    const { sim, start, append, line, stored, cloud, parts } = await eventBench(createEventHandler({ segmentBytes: 1 }))
    cloud.acknowledges = false
    await start('/EventHandler')
    await start('/connector')
    for (let round = 0; round < 20; round++) {
      await append(line(), line())
      await sim.advance(60_000)
    }
    expect(await parts()).toEqual(['events.jsonl'])
    cloud.acknowledges = true
    await sim.advance(60_000)
    expect([...stored]).toEqual(upTo(40))
    expect(await parts()).toEqual(['events.jsonl', 'events.jsonl.1'])
  })

  test('does not lose what comes into a part that was set aside already', async () => {
    const { sim, start, append, line, contents, parts, world } = await eventBench(createEventHandler({ segmentBytes: 1 }))
    await start('/EventHandler')
    await start('/connector')
    await sim.advance(60_000)
    await append(line())
    await sim.advance(60_000)
    expect(await parts()).toContain('events.jsonl.1')
    const late = line()
    await world.files.append(eventSegment(1), `${late}{"half":`)
    await append(line())
    await sim.advance(60_000)
    expect([...contents.values()]).toContain(late.trimEnd())
    expect([...contents.keys()]).toEqual(upTo(3))
  })

  /** Writes to the file that was the log a moment ago. */
  async function writeLate(files: Files, line: string): Promise<void> {
    const { before, first } = EventState.parse(JSON.parse((await files.read(EVENT_STATE)).toString()))
    const latest = [eventSegment(first), ...(before === undefined ? [] : [eventSegment(before.first)])]
    for (const path of latest) {
      try {
        await files.stat(path)
      } catch {
        continue
      }
      return files.append(path, line)
    }
    return files.append(EVENT_LOG, line)
  }

  test.each([
    { what: 'it is killed', writes: 'nothing', killedAfter: 0 },
    { what: 'somebody writes to the log', writes: 'log', killedAfter: undefined },
    { what: 'somebody writes to the log and it is killed', writes: 'log', killedAfter: 0 },
    { what: 'somebody writes to what was the log a moment ago', writes: 'late', killedAfter: undefined },
    { what: 'somebody writes to what was the log a moment ago, and it is killed at the next', writes: 'late', killedAfter: 1 },
    { what: 'somebody writes to what was the log a moment ago, and it is killed soon after', writes: 'late', killedAfter: 3 },
  ] as const)('loses nothing and mixes up nothing when at any of its operations on files $what', async ({ writes, killedAfter }) => {
    let isPast = false
    for (let at = 1; !isPast; at++) {
      let count = 0
      const written: string[] = []
      const disturbed: Program = (own, invocation) => {
        const files = watched(own.files, async (operation) => {
          if (isPast) return
          count++
          // Nobody takes so long between opening and writing as the log takes to become long again.
          if (count === at && (writes === 'log' || (writes === 'late' && operation !== 'remove'))) {
            const text = line()
            written.push(text)
            await (writes === 'log' ? append(text) : writeLate(world.files, text))
          }
          if (killedAfter !== undefined && count === at + killedAfter) await own.processes.kill(own.processes.pid, 'SIGKILL')
        })
        return createEventHandler({ segmentBytes: 1_500 })({ ...own, files }, invocation)
      }
      const { sim, start, append, line, contents, mixedUp, parts, state, world } = await eventBench(disturbed)
      const write = async (lines: number) => {
        for (let one = 0; one < lines; one++) {
          const text = line()
          written.push(text)
          await append(text)
          await sim.advance(60_000)
        }
      }
      await world.files.write(EVENT_STATE, JSON.stringify({ acknowledged: 0, skipped: 0, seen: 0, first: 1, offset: 0 }))
      await start('/EventHandler')
      const connector = await start('/connector')
      await write(6)
      isPast = count < at + (killedAfter ?? 0)
      expect(count).toBeGreaterThan(isPast ? 30 : 0)
      if (killedAfter !== undefined && !isPast) {
        connector.kill('SIGKILL')
        await start('/EventHandler')
        await start('/connector')
      }
      await sim.advance(31_000)
      if (writes !== 'late') expect(contents.size).toBe(written.length)
      await write(6)
      const stored = [...contents.values()].toSorted()
      // Killed while it saves what came late, it saves that again: twice is better than never.
      expect(writes === 'late' && killedAfter !== undefined ? [...new Set(stored)] : stored).toEqual(
        written.map((text) => text.trimEnd()).toSorted(),
      )
      expect([...contents.keys()].toSorted((a, b) => a - b)).toEqual(upTo(stored.length))
      expect(mixedUp).toEqual([])
      expect(await state()).toMatchObject({ acknowledged: stored.length, skipped: 0 })
      expect(await parts()).toHaveLength(2)
      await sim.close()
    }
  })
})
