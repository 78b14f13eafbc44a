import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { join, posix } from 'node:path'
import { errno } from '../kernel/errors.ts'

/** Where a host's path really is. With `keep` a link at the end of the path is not followed. */
export type MapPath = (path: string, last?: 'follow' | 'keep') => string

/** As many links as the kernel follows before it says ELOOP. */
const MOST_LINKS = 40

/**
 * Maps a host's absolute POSIX paths into a real folder as `chroot` would: `..` stops at the root, and the targets of symbolic links are
 * paths of the host, so that nothing outside the folder can be named. For the root `/` the kernel does all this itself. Throws EINVAL
 * for a relative path and ELOOP. (It does not defend against somebody who swaps links while a call runs.)
 */
export function confineTo(rootFolder: string): MapPath {
  const root = realpathSync(rootFolder)
  if (root === '/') {
    return (path) => {
      requireAbsolute(path)
      return posix.normalize(path)
    }
  }
  return (path, last = 'follow') => {
    requireAbsolute(path)
    const ahead = path.split('/')
    let done: string[] = []
    let links = 0
    while (ahead.length > 0) {
      const part = ahead.shift()!
      if (part === '' || part === '.') continue
      if (part === '..') {
        done.pop()
        continue
      }
      const here = join(root, ...done, part)
      const target = last === 'keep' && ahead.length === 0 ? undefined : linkTarget(here)
      if (target === undefined) {
        done.push(part)
        continue
      }
      if (++links > MOST_LINKS) throw errno('ELOOP', 'open', path)
      if (target.startsWith('/')) done = []
      ahead.unshift(...target.split('/'))
    }
    return join(root, ...done)
  }
}

function requireAbsolute(path: string): void {
  if (!path.startsWith('/')) throw errno('EINVAL', 'open', path)
}

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined
}
