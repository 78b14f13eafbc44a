import { runContainer } from '../../shared/os/container.ts'
import { startOperator } from './containers/operator-host.ts'

void runContainer({ entry: import.meta.url, title: 'lab', start: startOperator })
