import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { getSystemErrorMessage } from 'node:util'
import type { Dirent, Stats } from 'node:fs'
import type { FileKind, Files } from '../kernel/files.ts'
import { confineTo } from './confine.ts'
import { watchPath } from './watch.ts'

const DEFAULT_MODE = 0o644

export interface FolderFilesOptions {
  /** Epoch milliseconds to put on files that are written; the machine's own time unless given. Needed where lab time is not real time. */
  readonly now?: (() => number) | undefined
}

/**
 * A real folder as a host's file tree. Nothing outside the folder can be reached (see `confineTo`); with the root `/` it is the real tree.
 *
 * Every call is done when it returns its promise: a system call on a small file is cheaper than a trip through the thread pool, calls keep
 * their order, and a virtual clock never waits for work that it cannot see. `stat` follows links. Errors carry the kernel's codes and the
 * host's path, never the machine's.
 */
export function folderFiles(rootFolder: string, options: FolderFilesOptions = {}): Files {
  const real = confineTo(rootFolder)
  let written = 0

  const stamp = (fd: number): void => {
    const { now } = options
    if (now === undefined) return
    const seconds = now() / 1_000
    futimesSync(fd, seconds, seconds)
  }

  const makeParent = (target: string): void => {
    try {
      mkdirSync(dirname(target), { recursive: true })
    } catch (error) {
      // `mkdir -p` over a file says EEXIST; to who writes below it, it is ENOTDIR.
      throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? notDirectory() : error
    }
  }

  const replace = (target: string, data: string | Uint8Array, mode: number | undefined, durable: boolean): void => {
    const old = statSync(target, { throwIfNoEntry: false })
    if (old?.isDirectory() === true) throw systemError('EISDIR', -21, 'open')
    // The new content is written beside the file and renamed over it, so that a reader never sees half of it.
    const beside = join(dirname(target), `.${basename(target).slice(0, 200)}.${process.pid}.${written++}.new`)
    const fd = openSync(beside, 'wx', DEFAULT_MODE)
    try {
      writeFileSync(fd, data)
      fchmodSync(fd, mode ?? (old?.isFile() === true ? old.mode & 0o7777 : DEFAULT_MODE))
      stamp(fd)
      if (durable) fsyncSync(fd)
      closeSync(fd)
      moveOver(beside, target, data)
    } catch (error) {
      rmSync(beside, { force: true })
      throw error
    }
    if (durable) syncFolder(dirname(target))
  }

  return {
    read: (path) => attempt(path, () => readFileSync(real(path))),
    readAt: (path, offset, length) =>
      attempt(path, () => {
        const fd = openSync(real(path), 'r')
        try {
          return readFully(fd, offset, length)
        } finally {
          closeSync(fd)
        }
      }),
    write: (path, data, { mode, durable = false } = {}) =>
      attempt(path, () => {
        const target = real(path)
        makeParent(target)
        replace(target, data, mode, durable)
      }),
    append: (path, data) =>
      attempt(path, () => {
        const target = real(path)
        makeParent(target)
        // O_APPEND and one write: the kernel puts each call's bytes at the end in one piece, also between processes.
        const fd = openSync(target, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, DEFAULT_MODE)
        try {
          appendFileSync(fd, data)
          stamp(fd)
        } finally {
          closeSync(fd)
        }
      }),
    stat: (path) =>
      attempt(path, () => {
        const found = statSync(real(path))
        return { kind: kindOf(found), size: found.size, mode: found.mode & 0o7777, modifiedMs: Math.floor(found.mtimeMs), inode: found.ino }
      }),
    list: (path) =>
      attempt(path, () =>
        readdirSync(real(path), { withFileTypes: true })
          .map((entry) => ({ name: entry.name, kind: kindOf(entry) }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    makeDir: (path) =>
      attempt(path, () => {
        const target = real(path)
        if (statSync(target, { throwIfNoEntry: false })?.isDirectory() === false) throw notDirectory()
        makeParent(target)
        mkdirSync(target, { recursive: true })
      }),
    remove: (path) =>
      attempt(path, () => {
        const target = real(path, 'keep')
        if (!lstatSync(target).isDirectory()) return unlinkSync(target)
        rmSync(target, { recursive: true })
      }),
    rename: (from, to) =>
      attempt(from, () => {
        renameSync(real(from, 'keep'), real(to, 'keep'))
      }),
    chmod: (path, mode) => attempt(path, () => chmodSync(real(path), mode)),
    watch: (path, changed) => watchPath(path, real, changed),
  }
}

function readFully(fd: number, offset: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(fd, buffer, filled, length - filled, offset + filled)
    if (count === 0) break
    filled += count
  }
  return buffer.subarray(0, filled)
}

/** Docker mounts some of a container's files one by one (/etc/resolv.conf): such a file cannot be replaced, only written over. */
function moveOver(beside: string, target: string, data: string | Uint8Array): void {
  try {
    renameSync(beside, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    writeFileSync(target, data)
    rmSync(beside)
  }
}

/** A rename is on disk only when its folder is. */
function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function kindOf(entry: Stats | Dirent): FileKind {
  if (entry.isDirectory()) return 'folder'
  if (entry.isSocket()) return 'socket'
  return entry.isSymbolicLink() ? 'link' : 'file'
}

function notDirectory(): NodeJS.ErrnoException {
  return systemError('ENOTDIR', -20, 'open')
}

function systemError(code: string, number: number, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code, errno: number, syscall })
}

/** Runs the calls and gives their errors in the host's terms. */
async function attempt<T>(path: string, work: () => T): Promise<T> {
  try {
    return work()
  } catch (error) {
    const { code, errno: number, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || number === undefined || syscall === undefined) throw error
    throw Object.assign(new Error(`${code}: ${getSystemErrorMessage(number)}, ${syscall} '${path}'`), {
      code,
      errno: number,
      syscall,
      path,
    })
  }
}
