import { INTERNET, MANAGEMENT } from '../../../shared/contract/topology.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import { inPrefix, parsePrefix } from '../../../shared/kernel/ip.ts'
import { docker, dockerSays } from './docker.ts'

/** The first three bytes of a lab's networks as Docker numbers them. In the containers they are the documented ones whatever Docker's are. */
export interface NetworkNumbers {
  readonly management: string
  readonly internet: string
}

const firstThree = (prefix: string) => prefix.slice(0, prefix.lastIndexOf('.'))
const DOCUMENTED: NetworkNumbers = { management: firstThree(MANAGEMENT.prefix), internet: firstThree(INTERNET.prefix) }

/** The networks that labs may have, in the order in which they are tried: the documented ones, then those for measuring (RFC 2544). */
function* candidates(): Generator<NetworkNumbers> {
  yield DOCUMENTED
  for (let number = 0; number < 256; number++) yield { management: `198.18.${number}`, internet: `198.19.${number}` }
}

/** The first networks that overlap with none of `taken` (prefixes). Throws LAB_STATE_BROKEN when all are taken. */
export function freeNumbers(taken: readonly string[]): NetworkNumbers {
  const ranges = taken.flatMap((prefix) => parsePrefix(prefix) ?? [])
  const isFree = (bytes: string) => {
    const own = parsePrefix(`${bytes}.0/24`)!
    return !ranges.some((range) => inPrefix(own.base, range) || inPrefix(range.base, own))
  }
  for (const numbers of candidates()) if (isFree(numbers.management) && isFree(numbers.internet)) return numbers
  throw new LabError('LAB_STATE_BROKEN', 'every network that a lab could have is taken; remove some labs: `docker network ls`')
}

/** The prefixes of the engine's networks. */
export async function takenPrefixes(): Promise<string[]> {
  return await prefixesOf(wordsOf(await dockerSays(['network', 'ls', '--quiet'])))
}

/** The prefixes of those of these networks that there still are: another lab may end while we look. */
export async function prefixesOf(ids: readonly string[]): Promise<string[]> {
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}'
  const { exitCode, stdout, stderr } = await docker(['network', 'inspect', '--format', format, ...ids])
  const complaints = stderr.split('\n').filter((line) => line !== '' && !/no such network|network \S+ not found/i.test(line))
  if (exitCode !== 0 && complaints.length > 0)
    throw new LabError('LAB_STATE_BROKEN', `the engine does not tell its networks: ${complaints.join('; ')}`)
  return wordsOf(stdout)
}

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== '')
