import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** What it imports, as paths from the root; packages by their name. */
  readonly imports: readonly string[]
}

/** Every TypeScript file of the repository. */
export function sources(): Source[] {
  return globSync('{shared,services,test}/**/*.ts', { cwd: ROOT }).map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
    const imports = specifiers.map((specifier) =>
      specifier.startsWith('.') ? relative(ROOT, join(ROOT, path, '..', specifier)).replaceAll('\\', '/') : specifier,
    )
    return { path: path.replaceAll('\\', '/'), text, imports }
  })
}
