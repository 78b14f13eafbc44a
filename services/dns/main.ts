import { runContainer } from '../../shared/os/container.ts'
import { startDns } from './index.ts'

void runContainer({ entry: import.meta.url, title: 'dns', start: startDns })
