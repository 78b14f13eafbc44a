import { codeOf } from '../kernel/errors.ts'
import type { Files } from '../kernel/files.ts'

/** Whether there is anything at a path. */
export async function exists(files: Files, path: string): Promise<boolean> {
  return (await unlessMissing(files.stat(path))) !== undefined
}

/** A file's text, or undefined when there is no such file. */
export async function readText(files: Files, path: string): Promise<string | undefined> {
  return (await unlessMissing(files.read(path)))?.toString()
}

/** Removes a file; nothing happens when it is not there. */
export async function removeIfThere(files: Files, path: string): Promise<void> {
  await unlessMissing(files.remove(path))
}

/** What was asked of a file, or undefined when there is no such file. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
