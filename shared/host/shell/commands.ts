import { posix } from 'node:path'
import type { Programs } from '../../kernel/processes.ts'

/**
 * The interpreter's own commands that a shell offers: those that look at files and text. Left out: everything that would tell of the machine (date,
 * hostname, whoami), wait in real time (sleep, timeout), or is not on the appliance.
 */
// prettier-ignore
export const TEXT_COMMANDS = [
  'cat', 'echo', 'printf', 'head', 'tail', 'tac', 'wc', 'tee', 'nl', 'od', 'strings', 'split', 'file', 'stat', 'base64',
  'grep', 'egrep', 'fgrep', 'sed', 'awk', 'sort', 'uniq', 'comm', 'cut', 'paste', 'tr', 'rev', 'fold', 'expand', 'column', 'join', 'diff',
  'ls', 'mkdir', 'rmdir', 'touch', 'rm', 'cp', 'mv', 'chmod', 'pwd', 'readlink', 'find', 'du', 'basename', 'dirname', 'which',
  'gzip', 'gunzip', 'zcat', 'tar', 'md5sum', 'sha1sum', 'sha256sum', 'bash', 'sh', 'env', 'printenv', 'alias', 'unalias', 'xargs',
  'true', 'false', 'clear', 'seq', 'expr',
] as const

const FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin']

/** Finds commands as a shell does: the host's programs by path or by base name, and the interpreter's own as if they lay in /usr/bin. */
export interface CommandTable {
  /** What PATH says. */
  readonly searchPath: string
  readonly names: readonly string[]
  /** The program's absolute path, or undefined when the word names none. */
  program(word: string, cwd: string): string | undefined
  /** Whether a command lies at this path although the host's file tree may have no such file. */
  isCommand(path: string): boolean
}

/** A table over a host's programs. Of two programs with one base name the earlier in the table is found by it. */
export function commandTable(programs: Programs): CommandTable {
  const byName = new Map<string, string>()
  for (const path of Object.keys(programs)) {
    const name = posix.basename(path)
    if (!byName.has(name)) byName.set(name, path)
  }
  const own = new Set(TEXT_COMMANDS.filter((name) => !byName.has(name)).map((name) => `/usr/bin/${name}`))
  own.add('/usr/bin/sudo')
  const folders = new Set([...FOLDERS, ...[...byName.values()].map((path) => posix.dirname(path))])
  return {
    searchPath: [...folders].join(':'),
    names: [...byName.keys()],
    program(word, cwd) {
      if (!word.includes('/')) return byName.get(word)
      const path = posix.resolve(cwd, word)
      return path in programs ? path : undefined
    },
    isCommand: (path) => own.has(path) || path in programs,
  }
}
