import { spawnSync } from 'node:child_process'

/** Why there can be no containers here, as a clause, or undefined when there can. */
export function engineMissing(): string | undefined {
  for (const args of [['version'], ['compose', 'version']]) {
    const { status, stderr, error } = spawnSync('docker', args, { encoding: 'utf8' })
    if (error !== undefined) return 'there is no docker command'
    if (status !== 0) return `\`docker ${args.join(' ')}\` says: ${stderr.trim().split('\n')[0]}`
  }
  return undefined
}
