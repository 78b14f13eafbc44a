import { runContainer } from '../../shared/os/container.ts'
import { shellCommands } from '../../shared/os/shell-commands.ts'
import type { FtdConfigInput } from './config.ts'

// The daemons of root share their sockets and folders with the connector, which is www's, through the group.
process.umask(0o002)
void runContainer({
  entry: import.meta.url,
  title: 'pm',
  keepsResolver: true,
  programs: async () => (await import('./daemons.ts')).ftdPrograms,
  start: async (world, input: FtdConfigInput) => (await import('./index.ts')).startFtd(world, input),
  commands: {
    ...shellCommands(async () => {
      const [{ ftdShells }, { ftdPrograms }] = await Promise.all([import('./cli/shells.ts'), import('./daemons.ts')])
      return { shellsOf: (world) => ftdShells(world, ftdPrograms), programs: ftdPrograms }
    }),
    curl: async () => ({ program: (await import('../../shared/host/programs/curl/curl.ts')).curl }),
    date: async () => ({ program: (await import('../../shared/host/programs/date.ts')).date }),
    pmtool: async () => ({ program: (await import('../../shared/host/pmtool.ts')).pmtool('/ngfw') }),
    reboot: async () => ({ program: (await import('../../shared/host/reboot.ts')).reboot('/ngfw') }),
  },
})
