import type { Program } from '../../../kernel/processes.ts'
import { readFlags } from '../../programs/flags.ts'
import { ownUser } from '../../pmtool.ts'

const UNITS: Readonly<Record<string, number>> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `sleep N[smhd]…`, in lab time. (public: coreutils) */
export const sleep: Program = async (world, { argv, stderr, signal }) => {
  const words = argv.slice(1)
  if (words.length === 0) {
    stderr.write("sleep: missing operand\nTry 'sleep --help' for more information.\n")
    return 1
  }
  let delayMs = 0
  for (const word of words) {
    const parts = /^(\d*\.?\d+)([smhd]?)$/.exec(word)
    if (!parts) {
      stderr.write(`sleep: invalid time interval '${word}'\nTry 'sleep --help' for more information.\n`)
      return 1
    }
    delayMs += Number(parts[1]) * UNITS[parts[2]!]!
  }
  await world.clock.sleep(delayMs, signal)
  return 0
}

/** `whoami`. (public: coreutils) */
export const whoami: Program = async (world, { stdout }) => {
  stdout.write(`${await ownUser(world)}\n`)
  return 0
}

/** `uname [-asnrm]`. The kernel's version is invented. */
export const uname: Program = async (world, { argv, stdout, stderr }) => {
  const flags = readFlags(argv.slice(1), 'asnrmo')
  if (!('rest' in flags)) {
    stderr.write(
      `uname: invalid option -- '${'unknown' in flags ? flags.unknown : flags.needsValue}'\nTry 'uname --help' for more information.\n`,
    )
    return 1
  }
  const hostname = (await world.files.read('/etc/hostname').catch(() => Buffer.from('localhost'))).toString().trim()
  const fields = { s: 'Linux', n: hostname, r: '4.14.187-sf', m: 'x86_64', o: 'GNU/Linux' }
  const all = flags.given.has('a')
  const shown = Object.entries(fields).filter(([letter]) => all || flags.given.has(letter) || (flags.given.size === 0 && letter === 's'))
  stdout.write(`${shown.map(([, text]) => text).join(' ')}\n`)
  return 0
}
