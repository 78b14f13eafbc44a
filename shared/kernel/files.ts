/**
 * One host's file tree. Paths are absolute and POSIX. Errors carry the kernel's codes: ENOENT, EEXIST, EISDIR, ENOTDIR, ENOTEMPTY,
 * EACCES, ENOSPC.
 */
export interface Files {
  read(path: string): Promise<Buffer>
  /** Replaces the whole file at once: a reader sees the old or the new one. Parent folders are made. Without a mode the old file's stays (0644 for a new one). */
  write(path: string, data: string | Uint8Array, options?: { readonly mode?: number; readonly durable?: boolean }): Promise<void>
  /** Adds to the end; whole calls do not mix. Parent folders and the file are made. */
  append(path: string, data: string | Uint8Array): Promise<void>
  /** Reads up to `length` bytes at `offset`; an empty buffer at the end. */
  readAt(path: string, offset: number, length: number): Promise<Buffer>
  /** Follows links. */
  stat(path: string): Promise<FileStat>
  /** Sorted by name. */
  list(path: string): Promise<readonly FileEntry[]>
  /** Makes a folder and those above it; one that exists is no error. */
  makeDir(path: string): Promise<void>
  /** Removes a file, a socket file or, with everything in it, a folder. */
  remove(path: string): Promise<void>
  /** Replaces a file, or an empty folder by a folder; else EISDIR, ENOTDIR, ENOTEMPTY as rename(2). */
  rename(from: string, to: string): Promise<void>
  chmod(path: string, mode: number): Promise<void>
  /** Calls back after this path was created, changed or removed, perhaps once for several changes. */
  watch(path: string, changed: () => void): Disposable
}

export type FileKind = 'file' | 'folder' | 'socket' | 'link'

export interface FileStat {
  readonly kind: FileKind
  readonly size: number
  readonly mode: number
  readonly modifiedMs: number
  /** Changes when the path gets another file. */
  readonly inode: number
}

export interface FileEntry {
  readonly name: string
  readonly kind: FileKind
}
