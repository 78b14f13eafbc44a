import type { FileStat } from '../../../kernel/files.ts'
import type { Invocation, Program } from '../../../kernel/processes.ts'
import type { World } from '../../../kernel/world.ts'
import { absolutePath } from '../../programs/files.ts'
import { readFlags } from '../../programs/flags.ts'
import { reasonOf } from './input.ts'

interface Item {
  readonly name: string
  readonly path: string
  readonly stat: FileStat
}

const HALF_YEAR_MS = 15_778_476_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const KIND_LETTERS = { file: '-', folder: 'd', socket: 's', link: 'l' } as const

/**
 * `ls [-1aAdhilrRSt] [FILE…]`. Everything belongs to root but what lies in /home/admin (invented: the lab's files have no owner). Columns when the shell says
 * how wide the terminal is. (public: coreutils)
 */
export const ls: Program = async (world, invocation) => {
  const { argv, stdout, stderr, env } = invocation
  const flags = readFlags(
    argv.slice(1).filter((arg) => !arg.startsWith('--color')),
    '1aAdhilrRSt',
  )
  if (!('rest' in flags)) {
    stderr.write(
      `ls: invalid option -- '${'unknown' in flags ? flags.unknown : flags.needsValue}'\nTry 'ls --help' for more information.\n`,
    )
    return 2
  }
  const has = (letter: string) => flags.given.has(letter)
  const columns = has('1') || env['COLUMNS'] === undefined ? undefined : Number(env['COLUMNS'])
  const sorted = (items: readonly Item[]) => {
    const order = items.toSorted((a, b) =>
      has('t')
        ? b.stat.modifiedMs - a.stat.modifiedMs || byName(a, b)
        : has('S')
          ? b.stat.size - a.stat.size || byName(a, b)
          : byName(a, b),
    )
    return has('r') ? order.toReversed() : order
  }
  const print = (items: readonly Item[]) => {
    if (has('l')) for (const line of longLines(items, world.clock.now(), has('h'), has('i'))) stdout.write(`${line}\n`)
    else {
      const names = items.map(({ name, stat }) => (has('i') ? `${stat.inode} ${name}` : name))
      stdout.write(columns === undefined ? names.map((name) => `${name}\n`).join('') : inColumns(names, columns))
    }
  }

  let exitCode = 0
  const named: Item[] = []
  for (const name of flags.rest.length > 0 ? flags.rest : ['.']) {
    const path = absolutePath(invocation, name)
    try {
      named.push({ name, path, stat: await world.files.stat(path) })
    } catch (error) {
      stderr.write(`ls: cannot access '${name}': ${reasonOf(error)}\n`)
      exitCode = 2
    }
  }
  const files = sorted(named.filter(({ stat }) => has('d') || stat.kind !== 'folder'))
  const folders = has('d') ? [] : sorted(named.filter(({ stat }) => stat.kind === 'folder'))
  print(files)
  const headings = has('R') || files.length > 0 || named.length > 1 || exitCode !== 0
  let first = files.length === 0
  const show = async (folder: Item): Promise<void> => {
    if (headings) stdout.write(`${first ? '' : '\n'}${folder.name}:\n`)
    first = false
    const items = sorted(await itemsOf(world, invocation, folder, has('a'), has('a') || has('A')))
    if (has('l')) stdout.write(`total ${items.reduce((sum, { stat }) => sum + blocks(stat), 0)}\n`)
    print(items)
    if (has('R')) {
      for (const item of items) {
        if (item.stat.kind === 'folder' && item.name !== '.' && item.name !== '..')
          await show({ ...item, name: `${folder.name.replace(/\/$/, '')}/${item.name}` })
      }
    }
  }
  for (const folder of folders) await show(folder)
  return exitCode
}

function byName(a: Item, b: Item): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

async function itemsOf(world: World, invocation: Invocation, folder: Item, dots: boolean, hidden: boolean): Promise<Item[]> {
  const names = (await world.files.list(folder.path)).map((entry) => entry.name).filter((name) => hidden || !name.startsWith('.'))
  const items: Item[] = []
  for (const name of dots ? ['.', '..', ...names] : names) {
    const path = absolutePath({ ...invocation, cwd: folder.path }, name)
    // A file may be gone between the two looks.
    const stat = await world.files.stat(path).catch(() => undefined)
    if (stat) items.push({ name, path, stat })
  }
  return items
}

/** Blocks of 1 KiB, of which a file takes four at a time. */
function blocks(stat: FileStat): number {
  return stat.kind === 'file' ? Math.ceil(stat.size / 4096) * 4 : stat.kind === 'folder' ? 4 : 0
}

function longLines(items: readonly Item[], nowMs: number, human: boolean, inode: boolean): string[] {
  const rows = items.map(({ name, path, stat }) => {
    const owner = path.startsWith('/home/admin') ? 'admin' : 'root'
    const size = stat.kind === 'folder' ? 4096 : stat.size
    const links = stat.kind === 'folder' ? '2' : '1'
    return {
      inode: String(stat.inode),
      mode: modeText(stat),
      links,
      owner,
      size: human ? humanSize(size) : String(size),
      time: timeText(stat.modifiedMs, nowMs),
      name,
    }
  })
  const width = (field: 'inode' | 'links' | 'owner' | 'size') => Math.max(0, ...rows.map((row) => row[field].length))
  const [inodes, links, owners, sizes] = [width('inode'), width('links'), width('owner'), width('size')]
  return rows.map((row) => {
    const owner = row.owner.padEnd(owners)
    return `${inode ? `${row.inode.padStart(inodes)} ` : ''}${row.mode} ${row.links.padStart(links)} ${owner} ${owner} ${row.size.padStart(sizes)} ${row.time} ${row.name}`
  })
}

function modeText(stat: FileStat): string {
  const letters = [0o400, 0o200, 0o100, 0o40, 0o20, 0o10, 0o4, 0o2, 0o1].map((bit, index) => (stat.mode & bit ? 'rwx'[index % 3] : '-'))
  return KIND_LETTERS[stat.kind] + letters.join('')
}

function humanSize(size: number): string {
  if (size < 1024) return String(size)
  const unit = Math.min(4, Math.floor(Math.log2(size) / 10))
  const value = size / 1024 ** unit
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : Math.ceil(value)}${'KMGT'[unit - 1]}`
}

function timeText(ms: number, nowMs: number): string {
  const time = new Date(ms)
  const day = `${MONTHS[time.getUTCMonth()]} ${String(time.getUTCDate()).padStart(2)}`
  const recent = ms <= nowMs && nowMs - ms < HALF_YEAR_MS
  return recent ? `${day} ${two(time.getUTCHours())}:${two(time.getUTCMinutes())}` : `${day}  ${time.getUTCFullYear()}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Names in as few rows as fit the width, read downwards. */
function inColumns(names: readonly string[], width: number): string {
  if (names.length === 0) return ''
  for (let rows = 1; ; rows++) {
    const columns: string[][] = []
    for (let at = 0; at < names.length; at += rows) columns.push(names.slice(at, at + rows))
    const widths = columns.map((column) => Math.max(...column.map((name) => name.length)))
    if (rows < names.length && widths.reduce((sum, own) => sum + own + 2, -2) > width) continue
    const lines = Array.from({ length: rows }, (_, row) =>
      columns
        .map((column, index) =>
          column[row] === undefined ? '' : index === columns.length - 1 ? column[row] : column[row].padEnd(widths[index]! + 2),
        )
        .join('')
        .trimEnd(),
    )
    return `${lines.join('\n')}\n`
  }
}
