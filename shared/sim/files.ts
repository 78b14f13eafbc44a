import { errno } from '../kernel/errors.ts'
import type { FileEntry, FileKind, Files, FileStat } from '../kernel/files.ts'

interface Node {
  readonly kind: FileKind
  /** A file's content: a string until something needs its bytes, so that many hosts share one text. */
  content: string | Buffer
  /** Bytes used; `content` may have room for more. */
  size: number
  mode: number
  modifiedMs: number
  readonly inode: number
  readonly entries: Map<string, Node> | undefined
}

export interface MemoryFilesOptions {
  readonly now: () => number
  readonly nextInode: () => number
  /** Called at every change, with the kind of change (and how many bytes were appended) and the path. */
  readonly onChange: (verb: string, path: string) => void
}

/** A host's file tree in memory. */
export class MemoryFiles implements Files {
  readonly #options: MemoryFilesOptions
  readonly #root: Node
  readonly #watchers = new Map<string, Set<() => void>>()

  constructor(options: MemoryFilesOptions) {
    this.#options = options
    this.#root = this.#node('folder', 0o755)
  }

  async read(path: string): Promise<Buffer> {
    const node = this.#file(path, 'read')
    return typeof node.content === 'string' ? Buffer.from(node.content) : Buffer.from(node.content.subarray(0, node.size))
  }

  async readAt(path: string, offset: number, length: number): Promise<Buffer> {
    const node = this.#file(path, 'read')
    return Buffer.from(bytes(node).subarray(Math.min(offset, node.size), Math.min(offset + length, node.size)))
  }

  async write(path: string, data: string | Uint8Array, options: { readonly mode?: number } = {}): Promise<void> {
    const { folder, name } = this.#parent(path, 'open', true)
    const old = folder.entries!.get(name)
    if (old?.kind === 'folder') throw errno('EISDIR', 'open', path)
    const node = this.#node('file', options.mode ?? old?.mode ?? 0o644)
    node.content = typeof data === 'string' ? data : Buffer.from(data)
    node.size = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
    folder.entries!.set(name, node)
    this.#changed('write', path, old === undefined)
  }

  async append(path: string, data: string | Uint8Array): Promise<void> {
    const { folder, name } = this.#parent(path, 'open', true)
    let node = folder.entries!.get(name)
    if (node?.kind === 'folder') throw errno('EISDIR', 'open', path)
    const isNew = node === undefined
    if (node === undefined) {
      node = this.#node('file', 0o644)
      folder.entries!.set(name, node)
    }
    const added = typeof data === 'string' ? Buffer.from(data) : data
    const old = bytes(node)
    if (old.byteLength < node.size + added.byteLength) {
      const grown = Buffer.allocUnsafe(Math.max(256, 2 * (node.size + added.byteLength)))
      old.copy(grown, 0, 0, node.size)
      node.content = grown
    }
    ;(node.content as Buffer).set(added, node.size)
    node.size += added.byteLength
    node.modifiedMs = this.#options.now()
    this.#changed(`append ${added.byteLength}`, path, isNew)
  }

  async stat(path: string): Promise<FileStat> {
    const { kind, size, mode, modifiedMs, inode } = this.#find(path, 'stat')
    return { kind, size, mode, modifiedMs, inode }
  }

  async list(path: string): Promise<readonly FileEntry[]> {
    const node = this.#find(path, 'scandir')
    if (node.entries === undefined) throw errno('ENOTDIR', 'scandir', path)
    return [...node.entries].map(([name, { kind }]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async makeDir(path: string): Promise<void> {
    this.#folder(split(path), 'mkdir', path, true)
  }

  async remove(path: string): Promise<void> {
    const { folder, name } = this.#parent(path, 'unlink', false)
    if (!folder.entries!.delete(name)) throw errno('ENOENT', 'unlink', path)
    this.#changed('remove', path, true)
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#parent(from, 'rename', false)
    const node = source.folder.entries!.get(source.name)
    if (node === undefined) throw errno('ENOENT', 'rename', from)
    const target = this.#parent(to, 'rename', false)
    const old = target.folder.entries!.get(target.name)
    if (old !== undefined && old.kind === 'folder') {
      if (node.kind !== 'folder') throw errno('EISDIR', 'rename', to)
      if (old.entries!.size > 0) throw errno('ENOTEMPTY', 'rename', to)
    } else if (old !== undefined && node.kind === 'folder') throw errno('ENOTDIR', 'rename', to)
    source.folder.entries!.delete(source.name)
    target.folder.entries!.set(target.name, node)
    this.#changed('rename', from, true)
    this.#changed('rename', to, true)
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.#find(path, 'chmod').mode = mode
    this.#changed('chmod', path, false)
  }

  watch(path: string, changed: () => void): Disposable {
    const key = `/${split(path).join('/')}`
    const set = this.#watchers.get(key) ?? new Set()
    this.#watchers.set(key, set)
    let waiting = false
    const notify = () => {
      if (waiting) return
      waiting = true
      process.nextTick(() => {
        waiting = false
        if (set.has(notify)) changed()
      })
    }
    set.add(notify)
    return {
      [Symbol.dispose]: () => {
        set.delete(notify)
        if (set.size === 0) this.#watchers.delete(key)
      },
    }
  }

  /** Puts a socket file at a path, in the place of whatever file was there, and returns its inode. */
  putSocket(path: string): number {
    const { folder, name } = this.#parent(path, 'bind', false)
    const node = this.#node('socket', 0o755)
    folder.entries!.set(name, node)
    this.#changed('bind', path, true)
    return node.inode
  }

  /** The kind and inode of what is at a path, or undefined. */
  peek(path: string): { readonly kind: FileKind; readonly inode: number } | undefined {
    return this.#walk(split(path))
  }

  #node(kind: FileKind, mode: number): Node {
    return {
      kind,
      content: '',
      size: 0,
      mode,
      modifiedMs: this.#options.now(),
      inode: this.#options.nextInode(),
      entries: kind === 'folder' ? new Map() : undefined,
    }
  }

  #walk(parts: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#root
    for (const part of parts) node = node?.entries?.get(part)
    return node
  }

  #find(path: string, syscall: string): Node {
    const parts = split(path)
    let node = this.#root
    for (const part of parts) {
      if (node.entries === undefined) throw errno('ENOTDIR', syscall, path)
      const next = node.entries.get(part)
      if (next === undefined) throw errno('ENOENT', syscall, path)
      node = next
    }
    return node
  }

  #file(path: string, syscall: string): Node {
    const node = this.#find(path, syscall)
    if (node.kind === 'folder') throw errno('EISDIR', syscall, path)
    if (node.kind === 'socket') throw errno('ENXIO', syscall, path)
    return node
  }

  #parent(path: string, syscall: string, make: boolean): { folder: Node; name: string } {
    const parts = split(path)
    const name = parts.pop()
    if (name === undefined) throw errno('EISDIR', syscall, path)
    return { folder: this.#folder(parts, syscall, path, make), name }
  }

  #folder(parts: readonly string[], syscall: string, path: string, make: boolean): Node {
    let node = this.#root
    for (const part of parts) {
      let next: Node | undefined = node.entries!.get(part)
      if (next === undefined) {
        if (!make) throw errno('ENOENT', syscall, path)
        next = this.#node('folder', 0o755)
        node.entries!.set(part, next)
      }
      if (next.entries === undefined) throw errno('ENOTDIR', syscall, path)
      node = next
    }
    return node
  }

  #changed(verb: string, path: string, entryChanged: boolean): void {
    this.#options.onChange(verb, path)
    if (this.#watchers.size === 0) return
    const parts = split(path)
    for (const notify of this.#watchers.get(`/${parts.join('/')}`) ?? []) notify()
    if (!entryChanged) return
    for (const notify of this.#watchers.get(`/${parts.slice(0, -1).join('/')}`) ?? []) notify()
    // What was below a folder that came or went came or went with it.
    const below = `/${parts.join('/')}/`
    for (const [watched, set] of this.#watchers) if (watched.startsWith(below)) for (const notify of set) notify()
  }
}

function bytes(node: Node): Buffer {
  if (typeof node.content === 'string') node.content = Buffer.from(node.content)
  return node.content
}

function split(path: string): string[] {
  if (!path.startsWith('/')) throw errno('EINVAL', 'path', path)
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts
}
