import { CommanderError } from 'commander'
import { failuresOf, LabError } from '../../../shared/kernel/errors.ts'
import { program } from './program.ts'

// The entry of the command line: what a command throws becomes one sentence on standard error and exit code 1.

// Whoever reads our output may have seen enough, as `head` has; a lab in the foreground must live on without.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
try {
  await program((code) => (process.exitCode = code)).parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    process.exitCode = 1
    for (const failure of failuresOf(error)) {
      // A stack is for our own failures only: an operator's mistake is in the sentence.
      const { message, stack } = failure as Error
      process.stderr.write(`${failure instanceof LabError ? message : `ftdlab failed: ${stack ?? message}`}\n`)
    }
  }
}
