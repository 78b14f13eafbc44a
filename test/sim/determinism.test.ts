import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { traceOfStory } from './fixed-story.ts'

const SEED = 42

/** The same story in a process of its own: with other certificates, other addresses in memory, another load of modules. */
async function inAnotherProcess(seed: number): Promise<string> {
  const script = fileURLToPath(new URL('fixed-story.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(seed)])
  return stdout
}

test('one seed, one trace: twice in this process, and in another one', async () => {
  const first = await traceOfStory(SEED)
  expect(await traceOfStory(SEED)).toBe(first)
  expect(await inAnotherProcess(SEED)).toBe(first)
})

test('another seed gives another trace', async () => {
  expect(await traceOfStory(SEED + 1)).not.toBe(await traceOfStory(SEED))
})
