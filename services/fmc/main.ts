import { runContainer } from '../../shared/os/container.ts'
import { fmcPrograms, startFmc } from './index.ts'

await runContainer({ entry: import.meta.url, title: 'fmc', product: async () => ({ programs: fmcPrograms, start: startFmc }) })
