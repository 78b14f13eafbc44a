import type { z } from 'zod'
import { codeOf } from '../../shared/kernel/errors.ts'
import type { Files } from '../../shared/kernel/files.ts'
import type { World } from '../../shared/kernel/world.ts'

/** A file's text, or undefined when there is no such file. */
export async function readText(files: Files, path: string): Promise<string | undefined> {
  try {
    return (await files.read(path)).toString()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

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

/** Removes a file; nothing happens when it is not there. */
export async function removeIfThere(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
