import { runOsProgram } from '../../../shared/os/main.ts'
import { programs } from './programs.ts'

await runOsProgram(programs)
