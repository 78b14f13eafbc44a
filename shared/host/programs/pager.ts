import { codeOf } from '../../kernel/errors.ts'
import type { Program } from '../../kernel/processes.ts'
import { absolutePath, readInput } from './files.ts'
import { systemErrorText } from './system-errors.ts'

const RULE = ':'.repeat(14)

/** `more FILE...` printing as it does when its output is not a terminal: everything, with a heading per file when there are several. (public: util-linux) */
export const more: Program = async (world, invocation) => {
  const files = invocation.argv.slice(1).filter((arg) => !/^[-+]/.test(arg))
  if (files.length === 0) {
    invocation.stdout.write(await readInput(invocation))
    return 0
  }
  let exitCode = 0
  for (const file of files) {
    try {
      const content = await world.files.read(absolutePath(invocation, file))
      if (files.length > 1) invocation.stdout.write(`${RULE}\n${file}\n${RULE}\n`)
      invocation.stdout.write(content)
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined) throw error
      if (code === 'EISDIR') invocation.stderr.write(`\n*** ${file}: directory ***\n\n`)
      else {
        invocation.stderr.write(`${file}: ${systemErrorText(code)}\n`)
        exitCode = 1
      }
    }
  }
  return exitCode
}

/** `less FILE...` with its output not on a terminal: everything, like `cat`. (public: less) */
export const less: Program = async (world, invocation) => {
  const files = invocation.argv.slice(1).filter((arg) => !/^[-+]/.test(arg))
  if (files.length === 0) {
    invocation.stdout.write(await readInput(invocation))
    return 0
  }
  let exitCode = 0
  for (const file of files) {
    try {
      invocation.stdout.write(await world.files.read(absolutePath(invocation, file)))
    } catch (error) {
      const code = codeOf(error)
      if (code === undefined) throw error
      invocation.stderr.write(code === 'EISDIR' ? `${file} is a directory\n` : `${file}: ${systemErrorText(code)}\n`)
      exitCode = 1
    }
  }
  return exitCode
}
