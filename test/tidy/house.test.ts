import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, sources, type Source } from './sources.ts'

const MAX_LINES = 400
const all = sources()

/** Names the offenders instead of only counting them. */
function offenders(bad: (source: Source) => string[]): string[] {
  return all.flatMap((source) => bad(source).map((what) => `${source.path}: ${what}`))
}

const service = (path: string) => /^services\/([^/]+)\//.exec(path)?.[1]

test('shared code imports no product', () => {
  expect(offenders(({ path, imports }) => (path.startsWith('shared/') ? imports.filter((i) => i.startsWith('services/')) : []))).toEqual([])
})

test('products do not import each other; only the lab knows them all', () => {
  const bad = offenders(({ path, imports }) => {
    const own = service(path)
    if (own === undefined || own === 'lab') return []
    return imports.filter((i) => service(i) !== undefined && service(i) !== own)
  })
  expect(bad).toEqual([])
})

test('the two Worlds do not see each other, and only the lab and tests see them', () => {
  const bad = offenders(({ path, imports }) => {
    if (path.startsWith('test/') || path.startsWith('services/lab/')) return []
    const own = /^shared\/(sim|os)\//.exec(path)?.[1]
    return imports.filter((i) => /^shared\/(sim|os)\//.test(i) && i.split('/')[1] !== own)
  })
  // A product's container entry composes the os World with the product.
  expect(bad.filter((line) => !/^services\/\w+\/main\.ts: shared\/os\//.test(line))).toEqual([])
})

test('the kernel imports nothing of ours but itself', () => {
  expect(
    offenders(({ path, imports }) =>
      path.startsWith('shared/kernel/') ? imports.filter((i) => /^(shared\/(?!kernel)|services)/.test(i)) : [],
    ),
  ).toEqual([])
})

/** What a host must ask its World for. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\(|\bnew Date\(\)/, 'the real clock'],
  [/\b(setTimeout|setInterval)\(/, 'real timers'],
  [/\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/, 'unseeded dice'],
  [/\bprocess\.env\b/, 'the environment'],
  [/from 'node:(dns|dgram|child_process|fs|fs\/promises|worker_threads|cluster)'/, 'a module that reaches the machine'],
]

test('hosts touch the outside only through their World', () => {
  const bad = offenders(({ path, text }) => {
    const isHost = /^shared\/(wire|host|fault|scenario|contract)\//.test(path) || /^services\/(fmc|ftd|sse|dns|gateway|proxy)\//.test(path)
    if (!isHost || path.endsWith('/main.ts')) return []
    const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
    return FORBIDDEN.filter(([pattern]) => pattern.test(code)).map(([, what]) => what)
  })
  expect(bad).toEqual([])
})

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  expect(offenders(({ text }) => (text.split('\n').length > MAX_LINES + 1 ? [`${text.split('\n').length} lines`] : []))).toEqual([])
})

test('no file is named for what it is not', () => {
  expect(offenders(({ path }) => (/(^|\/)(utils?|helpers?|misc|common)\b/.test(path) ? ['say what is in it'] : []))).toEqual([])
})

test('the repository speaks of the product alone: no machine paths, no registry hosts', () => {
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).split('\0')
  const bad = tracked
    .filter((path) => path !== '' && path !== 'test/tidy/house.test.ts' && !path.startsWith('LICENSE'))
    .filter((path) => /\/work\/|registry\.npmjs|\/root\/\.npm|artifactory|nexus\./i.test(readFileSync(join(ROOT, path), 'utf8')))
  expect(bad).toEqual([])
})
