import type { Program } from '../../../kernel/processes.ts'
import { readFlags } from '../../programs/flags.ts'
import { ownUser } from '../../pmtool.ts'

/** The accounts of an appliance; each has the group of its own name. The numbers of all but root are invented. */
const NUMBERS: Readonly<Record<string, number>> = { root: 0, admin: 1000, www: 48 }

/** `id [-u | -g | -G] [-n] [-r] [USER]`. (public: coreutils) */
export const id: Program = async (world, { argv, stdout, stderr }) => {
  const fail = (text: string): number => {
    stderr.write(`id: ${text}\n`)
    return 1
  }
  const flags = readFlags(argv.slice(1), 'ugGnr')
  if (!('rest' in flags))
    return fail(`invalid option -- '${'unknown' in flags ? flags.unknown : ''}'\nTry 'id --help' for more information.`)
  const { given, rest } = flags
  if (rest.length > 1) return fail(`extra operand '${rest[1]}'\nTry 'id --help' for more information.`)
  const only = ['u', 'g', 'G'].filter((letter) => given.has(letter))
  if (only.length > 1) return fail('cannot print "only" of more than one choice')
  if (only.length === 0 && (given.has('n') || given.has('r'))) return fail('cannot print only names or real IDs in default format')
  const user = rest[0] ?? (await ownUser(world)) ?? 'root'
  const number = NUMBERS[user]
  if (number === undefined) return fail(`'${user}': no such user`)
  const named = `${number}(${user})`
  stdout.write(only.length === 0 ? `uid=${named} gid=${named} groups=${named}\n` : `${given.has('n') ? user : number}\n`)
  return 0
}
