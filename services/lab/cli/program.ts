import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, Command, Option } from 'commander'
import { LabError, oneOf } from '../../../shared/kernel/errors.ts'
import { nearest } from '../../../shared/fault/nearest.ts'
import type { FaultTiming } from '../../../shared/fault/timing.ts'
import type { EventsLsOptions } from './events.ts'
import type { VerifyOptions } from '../scenarios.ts'
import type { UpOptions } from './running-lab.ts'

const EVENT_TYPES = ['intrusion', 'connection', 'file', 'malware'] as const
const REGION_IDS = ['us', 'eu', 'apj'] as const
const SHELLS = ['clish', 'expert', 'root'] as const
const MOST_SPEED = 10_000
/** Real programs need real time. */
const MOST_COMPOSED_SPEED = 1_000
const VERIFY_IN = ['sim', 'compose'] as const

/**
 * The command line: words and options, each verb in a file of its own that is loaded when it is used. `exit` gets the exit code of the verb. Wrong words are
 * answered with one sentence on standard error and throw a CommanderError.
 */
export function program(exit: (code: number) => void): Command {
  const ftdlab = new Command('ftdlab')
  ftdlab
    .description('A lab that behaves like a Cisco Secure Firewall estate wired to the SSE cloud, made to be broken on purpose.')
    .version(version())
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneSentence(text)) })
  /** Runs a verb and takes its exit code. */
  const runs =
    <A extends unknown[]>(verb: (...args: A) => Promise<number> | number) =>
    async (...args: A) =>
      exit(await verb(...args))
  const group = (name: string, description: string) => {
    const made = ftdlab.command(name).description(description).helpCommand(false)
    made
      .argument('[verb]')
      .allowExcessArguments()
      .action((word: string | undefined) => unknownWord(made, word))
    return made
  }

  const up = ftdlab.command('up').description('start the lab, in the foreground until Ctrl-C')
  up.option('--detach', 'return when it is healthy and let it run on')
    .option('--speed <N>', 'lab seconds a second', number('--speed', { above: 0, atMost: MOST_SPEED }), 10)
    .option('--ftds <N>', 'how many FTDs', whole('--ftds', 1, 5_000), 2)
    .addOption(new Option('--region <region>', 'the region of the cloud').choices(REGION_IDS).default('us'))
    .option('--port <N>', 'console on N, FMC on N+1, CONNECT on N+2, SSH from N+10 on; 0: any free ports', whole('--port', 0, 65_535))
    .option('--seed <N>', "seed of the lab's dice", whole('--seed', 0, Number.MAX_SAFE_INTEGER), 1)
    .addOption(
      new Option('--bind <address>', 'open the doors on this address; for a container whose ports are published')
        .env('FTDLAB_BIND')
        .hideHelp(),
    )
    .option('--compose', 'in containers, with the real tools; needs Docker with Compose')
    .action(
      runs(async ({ detach, ...options }: { detach?: boolean } & UpOptions) =>
        detach === true ? (await import('./up-detached.ts')).upDetached(options) : (await import('./up.ts')).up(options),
      ),
    )
  ftdlab
    .command('down')
    .description('end the lab')
    .action(runs(async () => (await import('./down.ts')).down()))
  ftdlab
    .command('status')
    .description('hosts, processes, clock and events')
    .option('--json', 'for scripts')
    .action(runs(async (options: { json?: boolean }) => (await import('./status.ts')).status(options)))
  ftdlab
    .command('exec')
    .description('run one command on a device; exits as it exits')
    .argument('<host>')
    .argument('<command>', 'in quotes, as one word')
    .addOption(
      new Option('--shell <shell>', 'the shell it runs in; clish for what clish knows and root for everything else unless given').choices(
        SHELLS,
      ),
    )
    .option('--input <file>', "a file, or - for standard input, typed at the command's prompts")
    .action(
      runs(async (host: string, command: string, options: { shell?: (typeof SHELLS)[number]; input?: string }) =>
        (await import('./exec.ts')).exec(host, command, options),
      ),
    )
  ftdlab
    .command('ssh')
    .description('a terminal on a device')
    .argument('<host>')
    .action(runs(async (host: string) => (await import('./ssh.ts')).ssh(host)))

  const fault = group('fault', 'break something: ls, add, rm, explain')
  fault
    .command('ls')
    .description('the active faults')
    .option('--json', 'for scripts')
    .action(runs(async (options: { json?: boolean }) => (await import('./fault.ts')).faultLs(options)))
  fault
    .command('add')
    .description('break something; the first word printed is the id of the fault')
    .argument('<kind>', 'such as device.dns; `ftdlab fault explain` lists them')
    .argument('[words...]', 'its parameters, key=value')
    .option('--after <duration>', 'begin so long after now, in lab time')
    .option('--for <duration>', 'last so long')
    .option('--every <duration>', 'begin anew so often')
    .option('--chance <0 to 1>', 'how likely it is to begin, each time', number('--chance', { above: 0, atMost: 1 }))
    .action(runs(async (kind: string, words: string[], when: FaultTiming) => (await import('./fault.ts')).faultAdd(kind, words, when)))
  fault
    .command('rm')
    .description('take a fault back')
    .argument('<id>')
    .action(runs(async (id: string) => (await import('./fault.ts')).faultRm(id)))
  fault
    .command('explain')
    .description('what can be broken, and what it does')
    .argument('[kind]')
    .argument('[words...]', 'parameters, key=value')
    .action(runs(async (kind: string | undefined, words: string[]) => (await import('./fault.ts')).faultExplain(kind, words)))

  const scenario = group('scenario', 'stories of failures: ls, show, verify')
  scenario
    .command('ls')
    .description('the catalogue')
    .option('--json', 'for scripts; the ids tell the answers')
    .action(runs(async (options: { json?: boolean }) => (await import('./scenario.ts')).scenarioLs(options)))
  scenario
    .command('show')
    .description('what a learner is told')
    .argument('<id>', 'id or code name')
    .option('--answers', 'and what is behind it')
    .option('--json', 'all of it, for scripts')
    .action(
      runs(async (id: string, options: { answers?: boolean; json?: boolean }) => (await import('./scenario.ts')).scenarioShow(id, options)),
    )
  scenario
    .command('verify')
    .description('prove them, in labs of its own; no lab need run')
    .argument('[ids...]', 'ids or code names; all unless given')
    .option('--json', 'for scripts')
    .option('--seed <N>', "seed of the labs' dice", whole('--seed', 0, Number.MAX_SAFE_INTEGER))
    .addOption(new Option('--in <place>', 'virtual time in this process, or real containers').choices(VERIFY_IN).default('sim'))
    .addOption(
      new Option('--speed <N>', 'lab seconds a second, in containers')
        .argParser(number('--speed', { above: 0, atMost: MOST_COMPOSED_SPEED }))
        .env('LAB_SPEED'),
    )
    .option('--labs <N>', 'how many labs there are at once; as many as processors in containers unless given', whole('--labs', 1, 16))
    .option('--log-folder <folder>', "where the containers' logs are kept")
    .action(
      runs(async (ids: string[], options: Omit<VerifyOptions, 'onReport'> & { json?: boolean }) =>
        (await import('./scenario.ts')).scenarioVerify(ids, options),
      ),
    )

  const events = group('events', 'security events: send, replay, ls')
  events
    .command('send')
    .description('have a device see events')
    .argument('<device>')
    .addOption(new Option('--type <type>', 'of which type').choices(EVENT_TYPES).default('intrusion'))
    .option('--count <N>', 'how many', whole('--count', 1, 10_000), 1)
    .action(
      runs(async (device: string, options: { type: (typeof EVENT_TYPES)[number]; count: number }) =>
        (await import('./events.ts')).eventsSend(device, options),
      ),
    )
  events
    .command('replay')
    .description('send what a file has: FTD security-event syslog (430001-430005) or JSON lines')
    .argument('<file>', 'a file, or - for standard input')
    .option('--device <device>', 'from which FTD, where an event names none of the lab (default: ftd1)')
    .addOption(new Option('--format <format>', 'what the lines are; each as it looks unless given').choices(['syslog', 'json']))
    .action(
      runs(async (file: string, options: { device?: string; format?: 'syslog' | 'json' }) =>
        (await import('./events.ts')).eventsReplay(file, options),
      ),
    )
  events
    .command('ls')
    .description('what the cloud has')
    .option('--json', 'all of them, for scripts')
    .option('--device <device>', 'of one FTD')
    .addOption(new Option('--type <type>', 'of one type').choices(EVENT_TYPES))
    .option('--last <N>', 'the last N', whole('--last', 1, Number.MAX_SAFE_INTEGER))
    .action(runs(async (options: EventsLsOptions) => (await import('./events.ts')).eventsLs(options)))

  const clock = ftdlab
    .command('clock')
    .description('lab time; speed, pause, run, advance')
    .helpCommand(false)
    .argument('[verb]')
    .allowExcessArguments()
    .option('--json', 'for scripts')
  clock.action(
    runs(async (word: string | undefined, options: { json?: boolean }) => {
      if (word !== undefined) unknownWord(clock, word)
      return (await import('./clock.ts')).clockShow(options)
    }),
  )
  clock
    .command('speed')
    .description('lab seconds a second')
    .addArgument(new Argument('<N>').argParser(number('speed', { above: 0, atMost: MOST_SPEED })))
    .action(runs(async (speed: number) => (await import('./clock.ts')).clockChange({ speed })))
  clock
    .command('pause')
    .description('stop lab time')
    .action(runs(async () => (await import('./clock.ts')).clockChange({ paused: true })))
  clock
    .command('run')
    .description('let it run again')
    .action(runs(async () => (await import('./clock.ts')).clockChange({ paused: false })))
  clock
    .command('advance')
    .description('let lab time pass as fast as the machine can')
    .argument('<duration>', 'such as 30s, 5m, 2h')
    .action(runs(async (duration: string) => (await import('./clock.ts')).clockAdvance(duration)))

  ftdlab
    .command('doctor')
    .description('what this machine can and cannot run, and why')
    .action(runs(async () => (await import('./doctor.ts')).doctor()))
  return ftdlab
}

/** The version of this package. */
function version(): string {
  return (JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as { version: string }).version
}

function whole(what: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most))
      throw new LabError('LAB_BAD_INPUT', `${what} takes a whole number from ${least} to ${most}, not ${text}`)
    return value
  }
}

function number(what: string, { above, atMost }: { above: number; atMost: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
    if (!(value > above && value <= atMost))
      throw new LabError('LAB_BAD_INPUT', `${what} takes a number above ${above} and up to ${atMost}, not ${text}`)
    return value
  }
}

/** Throws the sentence for a word that a group of verbs does not have. */
function unknownWord(group: Command, word: string | undefined): never {
  const verbs = group.commands.map((command) => command.name())
  if (word === undefined) throw new LabError('LAB_BAD_INPUT', `ftdlab ${group.name()} takes one of ${oneOf(verbs)}`)
  const meant = nearest(word, verbs)
  throw new LabError(
    'LAB_BAD_INPUT',
    `ftdlab ${group.name()} has no ${word}; ${meant === undefined ? '' : `did you mean ${meant}? `}It has ${oneOf(verbs)}`,
  )
}

/** Commander's words for a mistake, on one line. */
function oneSentence(text: string): string {
  return `${text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.?\s*\n\s*/g, ' ')}\n`
}
