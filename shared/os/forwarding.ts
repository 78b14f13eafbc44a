import { execFile } from 'node:child_process'
import { codeOf } from '../kernel/errors.ts'
import type { Ability, Forwarding, Net, ShapingAbilities } from '../kernel/net.ts'
import { classTarget, lossTarget, toIptables } from './iptables.ts'
import { delaysOf, NEEDED, removeQueues, toTc } from './netem.ts'

/** What tc says when a part of the kernel is not there; for anything else the trial says nothing about the kernel. */
const NO_QUEUE = /kind is unknown|No such file or directory/
/** What iptables says likewise. */
const NO_EXTENSION = /missing kernel module|No chain\/target\/match/

/**
 * Makes the kernel forward, in a container, whose packet filter and queues are its own. Connections that exist fall under new rules at once. Packets that are
 * held back when the set of delays changes are lost, as on a cable that is unplugged. `speed`: lab seconds per real second; delays are of lab time.
 */
export function kernelForwarding({
  interfaces,
  speed,
}: {
  readonly interfaces: readonly string[]
  readonly speed: number
}): Pick<Net, 'forward' | 'shaping'> {
  let queues = ''
  let last: Promise<unknown> = Promise.resolve()
  /** One after the other: each builds on what the one before it left. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {
      // Whoever asked for it is told; the next one does not depend on it.
    })
    return done
  }

  const setQueues = async (wanted: string): Promise<void> => {
    if (wanted === queues) return
    if (queues !== '') await tc(interfaces.map(removeQueues).join(''))
    queues = ''
    if (wanted === '') return
    try {
      await tc(wanted)
    } catch (error) {
      // What came to be before it failed; interfaces without it answer with an error that says nothing new.
      for (const name of interfaces) await tc(removeQueues(name)).catch(() => {})
      throw error
    }
    queues = wanted
  }

  const apply = async (forwarding: Forwarding): Promise<void> => {
    const { shapes = [] } = forwarding
    const before = queues
    const wanted = toTc(
      interfaces,
      delaysOf(shapes).map((delayMs) => delayMs / speed),
    )
    if (wanted !== '' && wanted !== before) assertAble(await delayAbility())
    if (shapes.some(({ lossPercent }) => lossPercent !== undefined)) assertAble(await lossAbility())
    try {
      await setQueues(wanted)
      await restore(toIptables(forwarding))
    } catch (error) {
      await setQueues(before).catch((undoing: unknown) => {
        throw new AggregateError(
          [error, undoing],
          `${(error as Error).message}; the queues before could not be made again: ${(undoing as Error).message}`,
          { cause: error },
        )
      })
      throw error
    }
  }

  return {
    forward: (forwarding) => inTurn(() => apply(forwarding)),
    shaping: () => inTurn(async () => ({ delay: await delayAbility(), loss: await lossAbility() })),
  }
}

/** What a host is told whose World is on somebody's machine: the packets there are not its to filter. */
export function noForwarding(): Pick<Net, 'forward' | 'shaping'> {
  const why =
    "this host is not in a container, and the machine's own packet filter is not touched; run it in its container or in the sim World"
  const unable: ShapingAbilities = { delay: { able: false, why }, loss: { able: false, why } }
  return { forward: () => Promise.reject(refused('ENOTSUP', why)), shaping: async () => unable }
}

/** Whether packets can be held back. Tried on the loopback interface, for a moment and without a delay. */
async function delayAbility(): Promise<Ability> {
  const missing: string[] = []
  try {
    for (const { module, trial } of NEEDED) if (!(await isQueue(trial))) missing.push(module)
    if (!(await isExtension(`*mangle\n-A FORWARD ${classTarget(0)}\nCOMMIT\n`))) missing.push('xt_CLASSIFY')
  } catch (error) {
    if (!(error instanceof NoTool)) throw error
    return unable(`this machine has no ${error.tool}`, 'delay')
  }
  return missing.length === 0 ? { able: true } : unable(`this kernel has no ${missing.join(' and no ')}`, 'delay')
}

async function lossAbility(): Promise<Ability> {
  try {
    const able = await isExtension(`*filter\n-A FORWARD ${lossTarget(50)}\nCOMMIT\n`)
    return able ? { able } : unable('this kernel has no xt_statistic', 'lose')
  } catch (error) {
    if (!(error instanceof NoTool)) throw error
    return unable(`this machine has no ${error.tool}`, 'lose')
  }
}

async function isQueue(trial: string): Promise<boolean> {
  try {
    await tc(trial)
  } catch (error) {
    if (error instanceof NoTool || !NO_QUEUE.test((error as Error).message)) throw error
    return false
  }
  await tc(removeQueues('lo'))
  return true
}

async function isExtension(trial: string): Promise<boolean> {
  try {
    const { stderr } = await run('iptables-restore', ['--noflush', '--test'], trial)
    return !NO_EXTENSION.test(stderr)
  } catch (error) {
    if (error instanceof NoTool || !NO_EXTENSION.test((error as Error).message)) throw error
    return false
  }
}

function unable(because: string, verb: 'delay' | 'lose'): Ability {
  return { able: false, why: `${because}, so this host cannot ${verb} packets` }
}

function assertAble(ability: Ability): void {
  if (!ability.able) throw refused('ENOTSUP', ability.why)
}

async function tc(batch: string): Promise<void> {
  await run('tc', ['-batch', '-'], batch)
}

async function restore(text: string): Promise<void> {
  await run('iptables-restore', [], text)
}

/** The machine does not have a tool. */
class NoTool extends Error {
  readonly code = 'ENOTSUP'
  readonly tool: string
  constructor(tool: string) {
    super(`forward ENOTSUP: this machine has no ${tool}; run a host that forwards in its container or in the sim World`)
    this.tool = tool
  }
}

/**
 * Runs a tool on a text. Rejects with `NoTool` when the machine does not have it, and with the tool's own words when it refuses (a process without NET_ADMIN
 * is told so).
 */
async function run(tool: string, args: readonly string[], input: string): Promise<{ readonly stderr: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly stderr: string }>()
  const child = execFile(tool, args, (error, _stdout, stderr) => {
    if (error === null) resolve({ stderr })
    else if (codeOf(error) === 'ENOENT') reject(new NoTool(tool))
    else reject(refused('EPERM', stderr.trim()))
  })
  // A tool that is not there, or that ended early, is told above.
  child.stdin!.on('error', () => {})
  child.stdin!.end(input)
  return promise
}

function refused(code: string, why: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`forward ${code}: ${why}`), { code, syscall: 'forward' })
}
