import { startComposeLab } from '../../services/lab/compose/compose-lab.ts'

// A process that starts a lab and is killed before it has it.
await startComposeLab({ project: process.argv[2]!, ftds: 1 })
