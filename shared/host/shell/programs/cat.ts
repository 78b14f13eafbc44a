import { addAbortSignal } from 'node:stream'
import type { Program } from '../../../kernel/processes.ts'
import { readFlags } from '../../programs/flags.ts'
import { fileOf } from './input.ts'

/** `cat [-n] [FILE…]`: prints files, or standard input as it comes. (public: coreutils) */
export const cat: Program = async (world, invocation) => {
  const { argv, stdin, stdout, stderr, signal } = invocation
  const flags = readFlags(argv.slice(1), 'nu')
  if (!('rest' in flags)) {
    stderr.write(
      `cat: invalid option -- '${'unknown' in flags ? flags.unknown : flags.needsValue}'\nTry 'cat --help' for more information.\n`,
    )
    return 1
  }
  let number = 0
  let atStart = true
  const show = (data: Buffer) => {
    if (!flags.given.has('n')) return stdout.write(data)
    for (const line of data.toString().split(/(?<=\n)/)) {
      if (line === '') continue
      stdout.write(atStart ? `${String(++number).padStart(6)}\t${line}` : line)
      atStart = line.endsWith('\n')
    }
  }
  let exitCode = 0
  for (const name of flags.rest.length > 0 ? flags.rest : ['-']) {
    if (name === '-') {
      for await (const chunk of addAbortSignal(signal, stdin)) show(chunk as Buffer)
      continue
    }
    const file = await fileOf(world, invocation, name)
    if ('data' in file) show(file.data)
    else {
      stderr.write(`cat: ${name}: ${file.reason}\n`)
      exitCode = 1
    }
  }
  return exitCode
}
