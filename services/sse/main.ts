import { runContainer } from '../../shared/os/container.ts'
import { startSse } from './index.ts'

void runContainer({ entry: import.meta.url, title: 'sse', start: startSse })
