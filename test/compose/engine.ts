import { spawnSync } from 'node:child_process'

/** Why there can be no containers here, or undefined when there can. Throws when they must be there (`FTDLAB_REQUIRE_DOCKER=1`). */
export function engineMissing(): string | undefined {
  const missing = lookForEngine()
  if (missing !== undefined && process.env.FTDLAB_REQUIRE_DOCKER === '1') throw new Error(`FTDLAB_REQUIRE_DOCKER=1, but ${missing}`)
  if (missing !== undefined) process.stdout.write(`the container tests are left out: ${missing}\n`)
  return missing
}

function lookForEngine(): string | undefined {
  for (const args of [['version'], ['compose', 'version']]) {
    const { status, stderr, error } = spawnSync('docker', args, { encoding: 'utf8' })
    if (error !== undefined) return 'there is no docker command'
    if (status !== 0) return `\`docker ${args.join(' ')}\` says: ${stderr.trim().split('\n')[0]}`
  }
  return undefined
}
