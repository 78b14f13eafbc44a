import { existsSync, mkdtempSync, readlinkSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** Longest path of a unix socket in bytes: `sun_path` less the final zero. */
export const LONGEST_SOCKET_PATH = 107

const FOLDER_PREFIX = join(tmpdir(), 'ftdlab-sock-')

/** A path by which the kernel takes a socket file; disposing removes what was made for it (never the socket file). */
export interface SocketPath extends Disposable {
  readonly path: string
}

/**
 * The path itself when it is short enough for a unix socket; else one through a short symbolic link to its folder, in the machine's
 * temporary folder. (A file name that is too long by itself stays so, and the kernel says ENAMETOOLONG.)
 */
export function socketPath(real: string): SocketPath {
  if (Buffer.byteLength(real) <= LONGEST_SOCKET_PATH) return { path: real, [Symbol.dispose]: () => {} }
  const folder = mkdtempSync(FOLDER_PREFIX)
  const link = join(folder, 'd')
  symlinkSync(dirname(real), link)
  let there = true
  const remove = (): void => {
    if (!there) return
    there = false
    process.off('exit', remove)
    unlinkSync(link)
    rmdirSync(folder)
  }
  process.once('exit', remove)
  return { path: join(link, basename(real)), [Symbol.dispose]: remove }
}

/** What a socket was meant to be bound to, from the path that the kernel shows. */
export function behindSocketPath(path: string): string {
  const link = path.startsWith(FOLDER_PREFIX) ? dirname(path) : undefined
  if (link === undefined || !existsSync(link)) return path
  return join(readlinkSync(link), basename(path))
}
