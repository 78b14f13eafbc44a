import { runContainer } from '../../shared/os/container.ts'
import { fmcPrograms, startFmc } from './index.ts'

void runContainer({
  entry: import.meta.url,
  title: 'fmc',
  keepsResolver: true,
  programs: async () => fmcPrograms,
  start: startFmc,
  commands: { date: async () => ({ program: (await import('../../shared/host/programs/date.ts')).date }) },
})
