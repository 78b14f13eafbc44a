import { runContainer } from '../../shared/os/container.ts'
import { startSse } from './index.ts'

await runContainer({ entry: import.meta.url, title: 'sse', start: startSse })
