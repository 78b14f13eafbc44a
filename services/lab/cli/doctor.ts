import { spawnSync } from 'node:child_process'
import { availableParallelism, totalmem } from 'node:os'
import { LabError } from '../../../shared/kernel/errors.ts'
import { assertFree } from '../doors/listen.ts'
import { planDoors, portsOf } from '../doors/plan.ts'
import { makeStateFolder, stateFolder } from '../state/folder.ts'
import { isLocked } from '../state/lock.ts'
import { paint, print, printTable } from './print.ts'

interface Finding {
  readonly what: string
  readonly good: boolean
  /** Without it nothing runs. */
  readonly needed: boolean
  readonly detail: string
}

const LEAST_MEMORY_MIB = 512
const DOCKER_ANSWERS_WITHIN_MS = 5_000

/** `ftdlab doctor`: what this machine can and cannot run, and why. Exits 1 when the lab cannot run here. */
export async function doctor(): Promise<number> {
  const findings = [node(), machine(), await zeromq(), await state(), await ports(), docker(), ...clients()]
  printTable(
    ['', 'what', 'why'],
    findings.map(({ what, good, needed, detail }) => [
      good ? paint.green('yes') : needed ? paint.red('no') : paint.yellow('no'),
      what,
      detail,
    ]),
  )
  const missing = findings.filter(({ good, needed }) => needed && !good)
  print()
  print(
    missing.length === 0 ? 'the lab runs here: `ftdlab up`' : `the lab does not run here: ${missing.map(({ what }) => what).join(', ')}`,
  )
  return missing.length === 0 ? 0 : 1
}

function node(): Finding {
  // bin/ftdlab.js has turned an older one away.
  return { what: 'Node', good: true, needed: true, detail: `${process.versions.node} at ${process.execPath}` }
}

function machine(): Finding {
  const mib = Math.round(totalmem() / 1024 / 1024)
  const good = mib >= LEAST_MEMORY_MIB
  return {
    what: 'processors and memory',
    good,
    needed: false,
    detail: `${availableParallelism()} processors, ${mib} MiB${good ? '' : `; under ${LEAST_MEMORY_MIB} MiB the lab may be ended by the system`}`,
  }
}

async function zeromq(): Promise<Finding> {
  const what = "ZeroMQ sockets of the devices' event path"
  try {
    const { version } = await import('zeromq')
    return { what, good: true, needed: true, detail: `libzmq ${version}` }
  } catch (error) {
    return {
      what,
      good: false,
      needed: true,
      detail: `there is no build for ${process.platform} ${process.arch}: ${(error as Error).message.split('\n')[0]}`,
    }
  }
}

async function state(): Promise<Finding> {
  const folder = stateFolder()
  const what = 'state folder'
  try {
    await makeStateFolder(folder)
    return { what, good: true, needed: true, detail: isLocked(folder) ? `${folder.path}; a lab is running in it` : folder.path }
  } catch (error) {
    return { what, good: false, needed: true, detail: (error as Error).message }
  }
}

async function ports(): Promise<Finding> {
  const plan = portsOf(planDoors({ ftds: ['ftd1'] }))
  const what = 'default ports'
  try {
    await assertFree(plan)
    return { what, good: true, needed: false, detail: `${plan.map(({ port }) => port).join(', ')} are free` }
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return { what, good: false, needed: false, detail: error.message }
  }
}

function docker(): Finding {
  const { status, stdout } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    encoding: 'utf8',
    timeout: DOCKER_ANSWERS_WITHIN_MS,
  })
  const good = status === 0
  return {
    what: 'Docker, for docker compose',
    good,
    needed: false,
    detail: good ? `engine ${stdout.trim()}` : 'no engine answers; the embedded lab needs none',
  }
}

function clients(): Finding[] {
  const tools = [
    ['curl', 'for the CONNECT door and FMC from a shell'],
    ['ssh', '`ftdlab ssh` needs none'],
    ['python3', "for a ZeroMQ peer on EventHandler's socket"],
  ] as const
  return tools.map(([tool, why]) => ({
    what: tool,
    good: spawnSync(tool, [tool === 'ssh' ? '-V' : '--version']).status === 0,
    needed: false,
    detail: why,
  }))
}
