import { runContainer } from '../../shared/os/container.ts'
import { startGateway } from './index.ts'

void runContainer({ entry: import.meta.url, title: 'gateway', start: startGateway })
