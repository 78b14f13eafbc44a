import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { HostInfo, LabRequest, LabResponse } from '../../../shared/scenario/lab.ts'
import { CONFIG_FILE, type ContainerConfig } from '../../../shared/os/container.ts'
import { createOsWorld } from '../../../shared/os/world.ts'
import { operatorClient } from '../operator.ts'
import type { OperatorInput } from './operator-host.ts'

/** A line of the standard input. */
export interface Asked {
  readonly id: number
  readonly host: HostInfo
  readonly request: LabRequest
}

/** A line of the standard output: what was answered, or why nothing was. */
export type Answered = { readonly id: number } & (
  { readonly response: LabResponse } | { readonly error: { message: string; code?: string } }
)

/**
 * The operator's hands for a lab that is driven from outside its networks: requests come as lines of JSON and are sent from the operator's workstation, over
 * connections that are kept. It has no port, so that nobody else on the machine can use it. Ends with its standard input.
 */
async function answerRequests(): Promise<void> {
  const { host: name, seed, speed, epochMs, input } = JSON.parse(readFileSync(CONFIG_FILE, 'utf8')) as ContainerConfig<OperatorInput>
  await using world = createOsWorld({ host: name, root: '/', seed, speed, epochMs, programs: {}, entry: import.meta.url })
  await using client = operatorClient(world, input)

  async function answer({ id, host, request }: Asked): Promise<Answered> {
    try {
      return { id, response: await client.request(host, request) }
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException
      return { id, error: { message, ...(code !== undefined && { code }) } }
    }
  }

  const pending = new Set<Promise<void>>()
  for await (const line of createInterface({ input: process.stdin })) {
    const answering = answer(JSON.parse(line) as Asked).then((answered) => void process.stdout.write(`${JSON.stringify(answered)}\n`))
    pending.add(answering)
    void answering.finally(() => pending.delete(answering))
  }
  await Promise.all(pending)
}

void answerRequests()
