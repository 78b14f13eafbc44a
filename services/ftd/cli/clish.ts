import type { ClishCommand, ClishContext, ClishOptions } from '../../../shared/host/shell/clish.ts'
import type { Level, Outcome } from '../../../shared/host/shell/level.ts'
import { runForeground } from '../../../shared/host/shell/run-programs.ts'
import type { Programs } from '../../../shared/kernel/processes.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { configureDnsServers, configureHostname, configureHttpProxy, configureSearchDomains, disableHttpProxy } from './configure.ts'
import { NOT_EMULATED } from './not-emulated.ts'
import { sftunnelStatusBrief } from './sftunnel-status.ts'
import { showManagers, showNetwork, showVersion } from './show.ts'

const leave: ClishCommand['run'] = async () => ({ kind: 'leave', exitCode: 0 })

const ADDRESSES = { names: 'ADDRESS[,ADDRESS ...]', min: 1, max: 16 }

/** The commands of an FTD's clish. `expert` opens the admin's bash. (domain facts 4.2; help texts invented) */
export function ftdClish(world: World, programs: Programs, expert: () => Level): ClishOptions {
  const prints =
    (text: (world: World) => Promise<string>): ClishCommand['run'] =>
    async ({ print }) => {
      print(await text(world))
      return 0
    }
  const changes =
    (change: (world: World, context: ClishContext) => Promise<number>): ClishCommand['run'] =>
    (context) =>
      change(world, context)

  const runs = async (name: string, args: readonly string[], { stdio }: ClishContext): Promise<number> => {
    const path = Object.keys(programs).find((candidate) => candidate.endsWith(`/${name}`))
    if (path === undefined) throw new Error(`the device has no program ${name}`)
    return await runForeground(world, { path, words: [name, ...args], user: 'root', cwd: '/', env: {} }, stdio)
  }

  const commands: readonly ClishCommand[] = [
    { words: 'show network', help: 'Display configuration of management interface', run: prints(showNetwork) },
    { words: 'show managers', help: 'Display managing Defense Centers', run: prints(showManagers) },
    { words: 'show version', help: 'Display product and software versions', run: prints(showVersion) },
    { words: 'configure network dns', help: 'Configure DNS', takes: ADDRESSES, run: changes(configureDnsServers) },
    { words: 'configure network dns servers', help: 'Set the DNS servers', takes: ADDRESSES, run: changes(configureDnsServers) },
    {
      words: 'configure network dns searchdomains',
      help: 'Set the DNS search domains',
      takes: { names: 'DOMAIN[,DOMAIN ...]', min: 1, max: 16 },
      run: changes(configureSearchDomains),
    },
    {
      words: 'configure network hostname',
      help: 'Set the hostname',
      takes: { names: 'HOSTNAME', min: 1, max: 1 },
      run: changes(configureHostname),
    },
    { words: 'configure network http-proxy', help: 'Configure the HTTP proxy', run: changes(configureHttpProxy) },
    { words: 'configure network http-proxy-disable', help: 'Disable the HTTP proxy', run: changes(disableHttpProxy) },
    {
      words: 'ping system',
      help: 'Ping a host through the management interface',
      takes: { names: 'HOST', min: 1, max: 1 },
      run: (context) => runs('ping', context.args, context),
    },
    { words: 'sftunnel-status-brief', help: 'Show the status of the management channel', run: prints(sftunnelStatusBrief) },
    { words: 'expert', help: 'Invoke a shell', run: async () => ({ kind: 'enter', level: expert() }) },
    {
      words: 'reboot',
      help: 'Reboot the system',
      run: async (context) => ((await confirmed(context)) ? await runs('reboot', [], context) : 1),
    },
    { words: 'exit', help: 'Exit this session', run: leave },
    { words: 'logout', help: 'Logout of the current session', run: leave },
  ]
  return {
    notEmulated: NOT_EMULATED,
    commands: commands.map((command) => ({ ...command, run: (context) => survives(world, command, context) })),
    groups: {
      show: 'Show running system information',
      configure: 'Change to Configuration mode',
      'configure network': 'Configure management networking',
      ping: 'Test connectivity from the system',
    },
  }
}

/** A command that cannot do its work, say because somebody removed the device's files, says so; the session goes on. (text invented) */
async function survives(world: World, command: ClishCommand, context: ClishContext): Promise<number | Outcome> {
  try {
    return await command.run(context)
  } catch (error) {
    world.log.error('a command of clish failed', { command: command.words, error: String((error as Error).cause ?? error) })
    context.print(`Error: ${(error as Error).message}\n`)
    return 1
  }
}

/** (recalled) */
async function confirmed({ stdio, print }: ClishContext): Promise<boolean> {
  print('This command will reboot the system.  Continue?\n')
  const answer = (await stdio.ask("Please enter 'YES' or 'NO': "))?.trim()
  if (answer?.toUpperCase() === 'YES') return true
  print('Reboot cancelled.\n')
  return false
}
