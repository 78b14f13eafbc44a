import type { Programs } from '../../../kernel/processes.ts'
import { cat } from './cat.ts'
import { grep } from './grep.ts'
import { id } from './id.ts'
import { ls } from './ls.ts'
import { notEmulatedPrograms } from './not-emulated.ts'
import { sleep, uname, whoami } from './small.ts'
import { head, tail } from './tail.ts'

/**
 * Commands that are programs of the host rather than the interpreter's own: those that wait (in lab time), stream through a pipe while they run, or print what the
 * interpreter would print of itself (owners, dates, users), or say that the lab has no such command. A simulated host with shells has them in its table of programs.
 */
export const shellPrograms: Programs = {
  ...notEmulatedPrograms,
  '/bin/cat': cat,
  '/bin/ls': ls,
  '/bin/grep': grep,
  '/bin/egrep': grep,
  '/bin/fgrep': grep,
  '/bin/sleep': sleep,
  '/bin/uname': uname,
  '/usr/bin/tail': tail,
  '/usr/bin/head': head,
  '/usr/bin/id': id,
  '/usr/bin/whoami': whoami,
}
