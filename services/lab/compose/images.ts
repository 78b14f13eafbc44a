import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../../shared/kernel/errors.ts'
import { assertEngine, docker, dockerSays, PACKAGE } from './docker.ts'

/** The images of the compose file. */
const IMAGES = ['ftdlab-host', 'ftdlab-gateway', 'ftdlab-fmc', 'ftdlab-ftd']
/** What the Dockerfile takes of the package. */
const SOURCES = ['package.json', 'package-lock.json', 'Dockerfile', 'docker', 'shared', 'services']
/** Where an image says which sources it was made of. */
const LABEL = 'com.ftdlab.sources'

/**
 * Builds the images unless they are of these sources: a lab always runs what its reader sees. `progress` is told when that takes a while. Throws LAB_NOT_RUNNING
 * without an engine.
 */
export async function buildImages(progress: (line: string) => void = () => {}): Promise<void> {
  await assertEngine()
  const sources = await digestOfSources()
  if (await areOf(sources)) return
  progress('building the images')
  const env = { FTDLAB_SOURCES: sources, COMPOSE_PROFILES: '' }
  await dockerSays(['compose', '--profile', 'estate', '--project-directory', PACKAGE, 'build', '--quiet'], { env })
}

async function areOf(sources: string): Promise<boolean> {
  const { exitCode, stdout } = await docker(['image', 'inspect', '--format', `{{index .Config.Labels "${LABEL}"}}`, ...IMAGES])
  return (
    exitCode === 0 &&
    stdout
      .trim()
      .split('\n')
      .every((label) => label === sources)
  )
}

async function digestOfSources(): Promise<string> {
  const files = (await Promise.all(SOURCES.map(filesAt))).flat().toSorted()
  const contents = await Promise.all(files.map((file) => readFile(join(PACKAGE, file))))
  const hash = createHash('sha256')
  for (const [index, content] of contents.entries()) hash.update(`${files[index]!} ${content.length}\n`).update(content)
  return hash.digest('hex')
}

/** The files at a path of the package, but texts for people, which are in no image. */
async function filesAt(path: string): Promise<string[]> {
  try {
    const entries = await readdir(join(PACKAGE, path), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    return files.map((entry) => join(entry.parentPath.slice(PACKAGE.length + 1), entry.name))
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return [path]
    throw error
  }
}
