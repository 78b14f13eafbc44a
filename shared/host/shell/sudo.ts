/** A command and who it is run as. */
export interface UserCommand {
  readonly words: readonly string[]
  readonly user: string
}

/** Takes `sudo [-u user]` off the front of a command. The appliance's admin may run everything; the password is not asked (invented). */
export function commandOf(words: readonly string[], user: string): UserCommand {
  if (words[0] !== 'sudo') return { words, user }
  let at = 1
  let target = 'root'
  for (; words[at]?.startsWith('-'); at++) if (words[at] === '-u') target = words[++at] ?? 'root'
  return commandOf(words.slice(at), target)
}

/** A shell that a command starts: whose, and whether it is a login shell (in the home folder, with a new environment). */
export interface NestedShell {
  readonly user: string
  readonly login: boolean
  /** Whether a password would be asked, which nobody has: root's is locked on the appliance (invented). */
  readonly locked: boolean
}

/** `sudo su -`, `sudo su`, `sudo -i`, `sudo -s`, `su - admin`, `bash`: the shell that these start; undefined for every other command. */
export function nestedShell(words: readonly string[], user: string): NestedShell | undefined {
  if (words[0] === 'sudo' && words.length === 2) {
    if (words[1] === '-i') return { user: 'root', login: true, locked: false }
    if (words[1] === '-s') return { user: 'root', login: false, locked: false }
  }
  const command = commandOf(words, user)
  const [name, ...args] = command.words
  if ((name === 'bash' || name === 'sh') && args.every((arg) => arg === '-l' || arg === '-i')) {
    return { user: command.user, login: args.includes('-l'), locked: false }
  }
  if (name !== 'su') return undefined
  const login = args.some((arg) => arg === '-' || arg === '-l' || arg === '--login')
  const names = args.filter((arg) => !arg.startsWith('-'))
  if (names.length > 1 || args.includes('-c')) return undefined
  const target = names[0] ?? 'root'
  return { user: target, login, locked: command.user !== 'root' && target !== command.user }
}
