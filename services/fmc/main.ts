import { runContainer } from '../../shared/os/container.ts'
import { shellCommands } from '../../shared/os/shell-commands.ts'
import { fmcPrograms, fmcShells, startFmc } from './index.ts'

void runContainer({
  entry: import.meta.url,
  title: 'fmc',
  keepsResolver: true,
  programs: async () => fmcPrograms,
  start: startFmc,
  commands: {
    ...shellCommands(async () => ({ shellsOf: fmcShells, programs: fmcPrograms })),
    curl: async () => ({ program: (await import('../../shared/host/programs/curl/curl.ts')).curl }),
    date: async () => ({ program: (await import('../../shared/host/programs/date.ts')).date }),
  },
})
