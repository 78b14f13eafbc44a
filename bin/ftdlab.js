#!/usr/bin/env node
import module from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) {
  // Compiled code is kept in the system's folder for temporary files: from the second start on the lab starts twice as fast.
  module.enableCompileCache()
  await import('../services/lab/cli/main.ts')
} else {
  process.stderr.write(
    `ftdlab needs Node 22.18 or newer and this is ${process.versions.node}; \`npx ftdlab\` uses the one that \`npm ci\` installed\n`,
  )
  process.exitCode = 1
}
