import type { z } from 'zod'
import { readText } from '../../shared/host/optional-files.ts'
import type { World } from '../../shared/kernel/world.ts'

/** A file's JSON, or undefined when there is no such file or it does not hold what it should (which the lab's log then says). */
export async function readJson<T>(world: World, path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readText(world.files, path)
  if (text === undefined) return undefined
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    world.log.warn('a file of the device is damaged', { path, error: String(error) })
    return undefined
  }
}
