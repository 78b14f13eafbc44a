import { existsSync, statSync, watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { MapPath } from './confine.ts'

/**
 * Calls `changed` after a host's path was created, changed or removed (for a folder: also when its entries change), whether or not it, or
 * the folders on the way to it, exist yet. The kernel tells only of entries of folders that exist, so this watches the deepest existing
 * folder on the way and moves as folders come and go. (When a folder further up is renamed, the kernel tells nobody below.)
 */
export function watchPath(path: string, real: MapPath, changed: () => void): Disposable {
  let closed = false
  let existed = false
  let watchers: FSWatcher[] = []

  const stop = (): void => {
    for (const watcher of watchers) watcher.close()
    watchers = []
  }

  const watchFolder = (folder: string, receive: (name: string | null) => void): void => {
    const watcher = watch(folder, (_kind, name) => {
      if (watchers.includes(watcher)) receive(name)
    })
    // A watched folder that goes away: what is on the way now is looked at anew.
    watcher.on('error', () => rearm())
    watchers.push(watcher)
  }

  const arm = (): void => {
    for (;;) {
      stop()
      const target = real(path)
      let entry = target
      while (!isFolder(dirname(entry)) && dirname(entry) !== entry) entry = dirname(entry)
      const folder = dirname(entry)
      try {
        watchFolder(folder, (name) => {
          if (entry === target && name === basename(entry) && !isFolder(target)) report()
          // The folder itself went away, or there is a folder to look into.
          else if (name === null || name === basename(entry) || name === basename(folder)) rearm()
        })
        if (isFolder(target)) watchFolder(target, () => report())
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue // It went away between the look and the watch.
        throw error
      }
      // A folder that came between the look and the watch would go unseen.
      if (entry === target || !isFolder(entry)) break
    }
  }

  const report = (): void => {
    existed = existsSync(real(path))
    changed()
  }

  const rearm = (): void => {
    if (closed) return
    arm()
    if (existed || existsSync(real(path))) report()
  }

  arm()
  existed = existsSync(real(path))
  return {
    [Symbol.dispose]: () => {
      closed = true
      stop()
    },
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
