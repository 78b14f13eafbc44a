import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeviceEvent } from '../../../shared/contract/event.ts'
import { EVENT_LOG } from '../../../shared/contract/event.ts'
import type { ExecOptions, ExecResult, TerminalSession } from '../../../shared/host/host.ts'
import { LabError } from '../../../shared/kernel/errors.ts'
import { seededRandom } from '../../../shared/kernel/seeded-random.ts'
import { CONFIG_FILE, type ContainerConfig } from '../../../shared/os/container.ts'
import { osClock } from '../../../shared/os/clock.ts'
import type { HostInfo, LabRequest } from '../../../shared/scenario/lab.ts'
import { activeFaults } from '../active-faults.ts'
import type { OperatorInput } from '../containers/operator-host.ts'
import { deviceNamed, hostNamed, noShell } from '../host-named.ts'
import { knownNames, type OperatedLab } from '../operated-lab.ts'
import { planLab, type LabOptions, type LabPlan } from '../plan.ts'
import { DEFAULT_TRAFFIC, missing } from '../sim-lab.ts'
import { dockerSays } from './docker.ts'
import { dialInContainer, terminalInContainer } from './doors.ts'
import { healthIn } from './healthy.ts'
import { buildImages } from './images.ts'
import { freeNumbers, takenPrefixes } from './numbers.ts'
import { containerOperator } from './operator.ts'
import { keepLogs, NumbersTaken, removeAfterUs, removeProject, startProject } from './project.ts'
import { createClishGrammar, execInContainer, type Appliance } from './shells.ts'

/** What a composed lab can be besides a lab. */
export interface ComposeOptions extends Partial<Omit<LabOptions, 'ftdVersion'>> {
  /** Lab seconds a second: real containers cannot skip time. 10 unless given: much faster, and a process takes longer to start than on the appliance. */
  readonly speed?: number
  /** The Compose project; a name of its own unless given. */
  readonly project?: string
  /** The port of the status page on loopback; any free one unless given. */
  readonly port?: number
  /** Where the hosts' logs are kept at the end, as PROJECT.log. Without it only those of a failed start are kept, among the temporary files. */
  readonly logFolder?: string
  /** Told what takes long: that images are built. */
  readonly progress?: (line: string) => void
  /** Aborted when nobody wants the lab any more while it starts. */
  readonly signal?: AbortSignal
}

/** A lab of real containers. */
export interface ComposeLab extends OperatedLab {
  readonly project: string
  /** The lab container's status page. */
  readonly url: string
}

/** The compose file has so many. */
const MOST_FTDS = 10
const DEFAULT_SPEED = 10
/** Real time, too: whoever looks again and again takes a processor from those who are looked at, for a command in a container costs some 0.3 s of one. */
const SHORTEST_PASS_MS = 1_000
/** Other labs may take networks between our look and our start; each of them only once. */
const MOST_STARTS = 5

/**
 * Starts a lab of containers with `docker compose` and resolves when it is healthy. It has names, networks and a port of its own, so that several fit on one
 * engine; inside, every lab has the documented addresses. Whatever ends this process, the containers go with it. A failed start leaves nothing but the hosts'
 * logs. Throws LAB_BAD_INPUT, LAB_NOT_RUNNING (no Docker), LAB_TIMED_OUT, LAB_STATE_BROKEN.
 */
export async function startComposeLab(options: ComposeOptions = {}): Promise<ComposeLab> {
  const { speed = DEFAULT_SPEED, project = `ftdlab-${randomBytes(4).toString('hex')}`, port = 0, logFolder, progress, signal } = options
  const full: LabOptions = { ftds: 1, region: 'us', internet: 'direct', seed: 1, traffic: DEFAULT_TRAFFIC, ...options }
  if (full.ftds > MOST_FTDS)
    throw new LabError('LAB_BAD_INPUT', `a lab of containers has 1 to ${MOST_FTDS} FTDs, not ${full.ftds}; a lab in one process has more`)
  const plan = planLab(full)
  const env = {
    FTDLAB_REGION: full.region,
    FTDLAB_INTERNET_ACCESS: full.internet,
    FTDLAB_SEED: String(full.seed),
    FTDLAB_TRAFFIC: JSON.stringify(Object.fromEntries(plan.ftds.map(({ name }) => [name, full.traffic(name)]))),
    LAB_SPEED: String(speed),
    FTDLAB_CONSOLE_PORT: String(port),
  }
  const container = (host: string) => `${project}-${host}-1`
  await buildImages(progress)
  await using started = new AsyncDisposableStack()
  started.use(removeAfterUs(project))
  started.defer(() => removeProject(project))
  try {
    await startSomewhere({ project, ftds: plan.ftds.map(({ name }) => name), env, signal })
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    const file = await keepLogs(project, logFolder ?? join(tmpdir(), 'ftdlab-logs'))
    throw new LabError(error.code, `${error.message}; the hosts' logs are in ${file}`, { cause: error })
  }
  if (logFolder !== undefined) started.defer(async () => void (await keepLogs(project, logFolder)))

  const config = JSON.parse(await dockerSays(['exec', container('lab'), 'cat', CONFIG_FILE])) as ContainerConfig<OperatorInput>
  const operator = started.use(containerOperator(container('lab')))
  const running = started.move()
  const lab = labOver({ full, plan, config, container, operator })
  return Object.assign(lab, {
    project,
    url: `http://${(await dockerSays(['port', container('lab'), '8080/tcp'])).trim().split('\n')[0]}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  })
}

async function startSomewhere(options: Omit<Parameters<typeof startProject>[0], 'numbers'>): Promise<void> {
  for (let start = 1; ; start++) {
    try {
      return await startProject({ ...options, numbers: freeNumbers(await takenPrefixes()) })
    } catch (error) {
      if (!(error instanceof NumbersTaken)) throw error
      if (start === MOST_STARTS)
        throw new LabError('LAB_STATE_BROKEN', 'other labs take every network that this one could have', { cause: error })
      await removeProject(options.project)
    }
  }
}

interface Containers {
  readonly full: LabOptions
  readonly plan: LabPlan
  readonly config: ContainerConfig<OperatorInput>
  readonly container: (host: string) => string
  readonly operator: ReturnType<typeof containerOperator>
}

function labOver({ full, plan, config, container, operator }: Containers): Omit<OperatedLab, typeof Symbol.asyncDispose> {
  const clock = osClock(config)
  const ftds = plan.ftds.map(({ name, address }): HostInfo => ({ name, kind: 'ftd', address }))
  const hosts = new Map([...config.input.hosts, ...ftds].map((host) => [host.name, host]))
  const clishKnows = createClishGrammar()
  const assertKnown = knownNames(plan)

  function applianceNamed(name: string): Appliance {
    const { kind } = hostNamed(hosts, name)
    if (kind === 'ftd' || kind === 'fmc') return { container: container(name), kind }
    throw noShell(
      name,
      [...hosts.values()].filter((host) => ['ftd', 'fmc'].includes(host.kind)).map((host) => host.name),
    )
  }
  async function exec(name: string, command: string, options: ExecOptions = {}): Promise<ExecResult> {
    const appliance = applianceNamed(name)
    const shell = options.shell ?? (appliance.kind === 'ftd' && clishKnows(command) ? 'clish' : 'root')
    return execInContainer(appliance, shell, command, options)
  }
  const request = async (name: string, labRequest: LabRequest) => operator.request(hostNamed(hosts, name), labRequest)

  const lab = {
    seed: full.seed,
    region: full.region,
    now: () => clock.now(),
    hosts: () => Promise.all([...hosts.values()].map(async (host) => ({ ...host, ...(await healthIn(container(host.name))) }))),
    exec,
    request,
    sendEvents: async (name: string, events: readonly DeviceEvent[]) => appendEvents(container(deviceNamed(hosts, name).name), events),
    ...activeFaults({
      site: { exec, request, hosts: async () => [...hosts.values()], now: () => clock.now() },
      clock,
      random: seededRandom(full.seed).stream('faults'),
    }),
    pass: (durationMs: number) => sleep(Math.max(durationMs / config.speed, SHORTEST_PASS_MS)),
    caPem: config.input.caPem,
    timing: { speed: config.speed, paused: false },
    setSpeed: refuseTime,
    pause: refuseTime,
    resume: () => {}, // It always runs.
    dial: async (name: string, port: number) => {
      assertKnown(name)
      return dialInContainer(container('lab'), name, port)
    },
    terminal: async (name: string, session: TerminalSession) => terminalInContainer(applianceNamed(name), session),
  }
  return {
    ...lab,
    healthy: async () => {
      const waitingFor = await missing(lab, full)
      return { healthy: waitingFor.length === 0, waitingFor }
    },
  }
}

/** Every process in the containers was started with the lab's speed. */
function refuseTime(): never {
  throw new LabError('LAB_NOT_EMULATED', 'the time of containers is real: its speed is chosen at the start, and it never stands still')
}

/** Appends whole lines, a file's worth at a time, so that they never come in between those of the detection engine. */
async function appendEvents(container: string, events: readonly DeviceEvent[]): Promise<void> {
  if (events.length === 0) return
  const input = events.map((event) => `${JSON.stringify(event)}\n`).join('')
  const append = `set -e; d=$(mktemp -d); split --line-bytes=100K - "$d/"; for f in "$d"/*; do cat "$f" >>${EVENT_LOG}; done; rm -r "$d"`
  await dockerSays(['exec', '--interactive', container, 'bash', '-c', append], { input })
}
