import { runContainer } from '../../shared/os/container.ts'
import { startProxy } from './index.ts'

void runContainer({ entry: import.meta.url, title: 'proxy', start: startProxy })
