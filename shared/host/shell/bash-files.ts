import { posix } from 'node:path'
import type { CpOptions, FileContent, FsStat, IFileSystem, MkdirOptions, RmOptions } from 'just-bash'
import type { FileStat, Files } from '../../kernel/files.ts'
import { codeOf } from '../../kernel/errors.ts'

/** What the file system must know of the shell that looks at it. */
export interface FilesView {
  /** Who writes: `root` may write everywhere, anybody else in the home folder and in /tmp only. Looked at on every call, because sudo changes it. */
  readonly user: () => string
  /** Whether this path is a command of the shell, which has no file in the host's tree. */
  readonly isCommand: (path: string) => boolean
}

/** Node's sentences for the kernel's codes; the interpreter's commands turn them into their own wording. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EEXIST: 'file already exists',
  EISDIR: 'illegal operation on a directory',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EINVAL: 'invalid argument',
  ENOSPC: 'no space left on device',
}

function failure(code: string, syscall: string, path: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${code}: ${REASONS[code] ?? 'input/output error'}, ${syscall} '${path}'`)
  error.code = code
  error.syscall = syscall
  error.path = path
  return error
}

async function as<T>(syscall: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw failure(codeOf(error) ?? 'EIO', syscall, path)
  }
}

/**
 * The host's files as the interpreter sees them. Nothing else is reachable through it: no file of the machine, no /proc. Links cannot be made
 * (EPERM). (invented: what the admin user may write; file modes are shown but not enforced.)
 */
export function bashFiles(files: Files, view: FilesView): IFileSystem {
  const absent = (path: string) =>
    files.stat(path).then(
      () => false,
      () => true,
    )
  const mayWrite = (syscall: string, path: string) => {
    const user = view.user()
    const own = path === '/dev/null' || ['/tmp', `/home/${user}`].some((folder) => path === folder || path.startsWith(`${folder}/`))
    if (user !== 'root' && !own) throw failure('EACCES', syscall, path)
  }
  const read = async (path: string): Promise<Buffer> => {
    if (path === '/dev/null') return Buffer.alloc(0)
    return await as('open', path, files.read(path))
  }
  const stat = async (path: string): Promise<FsStat> => {
    if (path === '/dev/null' || view.isCommand(path)) return DEVICE
    return statOf(await as('stat', path, files.stat(path)))
  }

  const fs: IFileSystem = {
    async readFile(path, options) {
      const encoding = (typeof options === 'string' ? options : options?.encoding) ?? 'utf8'
      return (await read(clean(path))).toString(encoding)
    },
    readFileBuffer: (path) => read(clean(path)),
    async writeFile(path, content, options) {
      const target = clean(path)
      mayWrite('open', target)
      if (target !== '/dev/null') await as('open', target, files.write(target, bytesOf(content, options)))
    },
    async appendFile(path, content, options) {
      const target = clean(path)
      mayWrite('open', target)
      if (target !== '/dev/null') await as('open', target, files.append(target, bytesOf(content, options)))
    },
    async exists(path) {
      return path === '/dev/null' || view.isCommand(clean(path)) || !(await absent(clean(path)))
    },
    stat: (path) => stat(clean(path)),
    lstat: (path) => stat(clean(path)),
    async mkdir(path, options?: MkdirOptions) {
      const target = clean(path)
      mayWrite('mkdir', target)
      if (!options?.recursive) {
        if (!(await absent(target))) throw failure('EEXIST', 'mkdir', target)
        if (await absent(posix.dirname(target))) throw failure('ENOENT', 'mkdir', target)
      }
      await as('mkdir', target, files.makeDir(target))
    },
    async readdir(path) {
      return (await as('scandir', path, files.list(clean(path)))).map((entry) => entry.name)
    },
    async readdirWithFileTypes(path) {
      const entries = await as('scandir', path, files.list(clean(path)))
      return entries.map(({ name, kind }) => ({ name, isFile: kind !== 'folder', isDirectory: kind === 'folder', isSymbolicLink: false }))
    },
    async rm(path, options?: RmOptions) {
      const target = clean(path)
      if (await absent(target)) {
        if (options?.force) return
        throw failure('ENOENT', 'rm', target)
      }
      mayWrite('rm', target)
      const { kind } = await files.stat(target)
      if (kind === 'folder' && !options?.recursive && (await files.list(target)).length > 0) throw failure('ENOTEMPTY', 'rm', target)
      await as('rm', target, files.remove(target))
    },
    async cp(source, destination, options?: CpOptions) {
      const [from, to] = [clean(source), clean(destination)]
      if ((await as('stat', from, files.stat(from))).kind !== 'folder') return await fs.writeFile(to, await read(from))
      if (!options?.recursive) throw failure('EISDIR', 'cp', from)
      await fs.mkdir(to, { recursive: true })
      for (const { name } of await files.list(from)) await fs.cp(posix.join(from, name), posix.join(to, name), options)
    },
    async mv(source, destination) {
      const [from, to] = [clean(source), clean(destination)]
      mayWrite('rename', from)
      mayWrite('rename', to)
      await as('rename', from, files.rename(from, to))
    },
    resolvePath: (base, path) => posix.resolve('/', base, path),
    getAllPaths: () => [],
    async chmod(path, mode) {
      mayWrite('chmod', clean(path))
      await as('chmod', path, files.chmod(clean(path), mode))
    },
    symlink: (_target, path) => Promise.reject(failure('EPERM', 'symlink', path)),
    link: (_existing, path) => Promise.reject(failure('EPERM', 'link', path)),
    readlink: (path) => Promise.reject(failure('EINVAL', 'readlink', path)),
    async realpath(path) {
      await stat(clean(path))
      return clean(path)
    },
    // Adding nothing is how a file of this port gets the time of now, which is what `touch` asks for.
    utimes: (path) => fs.appendFile(path, ''),
  }
  return fs
}

function clean(path: string): string {
  return posix.resolve('/', path)
}

const DEVICE: FsStat = { isFile: true, isDirectory: false, isSymbolicLink: false, mode: 0o755, size: 0, mtime: new Date(0) }

function statOf(stat: FileStat): FsStat {
  return {
    isFile: stat.kind === 'file',
    isDirectory: stat.kind === 'folder',
    isSymbolicLink: false,
    mode: stat.mode,
    size: stat.size,
    mtime: new Date(stat.modifiedMs),
    ino: stat.inode,
  }
}

function bytesOf(content: FileContent, options?: Parameters<IFileSystem['writeFile']>[2]): Uint8Array {
  if (typeof content !== 'string') return content
  return Buffer.from(content, (typeof options === 'string' ? options : options?.encoding) ?? 'utf8')
}
