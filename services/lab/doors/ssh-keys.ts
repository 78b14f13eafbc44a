import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../../shared/kernel/errors.ts'
import { makeHostKey } from '../ssh/server.ts'

/** A device's SSH host key: the one it had last time, or a new one that it will have from now on. */
export async function sshHostKey(folder: string, device: string): Promise<string> {
  const file = join(folder, `${device}.key`)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const key = makeHostKey()
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(file, key, { mode: 0o600 })
  return key
}
