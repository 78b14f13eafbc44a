import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers'
import type { Fault } from '../../../shared/fault/fault.ts'
import type { ExecOptions } from '../../../shared/host/host.ts'
import { LabError, type LabErrorCode } from '../../../shared/kernel/errors.ts'
import type { EventPage, ExecutionResult, FaultReport, NewEvents, Status } from '../api/schemas.ts'

/** Made by `docker build --target lab --tag ftdlab .` */
const IMAGE = 'ftdlab'
const PORTS = { console: 8080, fmc: 8443, connect: 8089 } as const
const STATE = '/var/lib/ftdlab'
const HEALTHY_WITHIN_MS = 120_000

/** A whole lab in one container, which runs. Its ports are free ones of the machine's. */
export interface StartedFtdLabContainer extends AsyncDisposable {
  /** The control API; described at `/api/docs`. */
  readonly url: string
  /** FMC's HTTPS. */
  readonly fmcUrl: string
  /** HTTP CONNECT to every lab host by its real name. */
  readonly proxyUrl: string
  /** What a client must trust to reach the clouds and FMC. */
  readonly caPem: string
  readonly container: StartedTestContainer
  status(): Promise<Status>
  exec(host: string, command: string, options?: Omit<ExecOptions, 'signal'>): Promise<ExecutionResult>
  inject(fault: Fault): Promise<FaultReport>
  cure(id: string): Promise<void>
  sendEvents(device: string, events: NewEvents): Promise<void>
  /** The events of a device that are in the cloud. */
  events(device: string): Promise<EventPage['items']>
  stop(): Promise<void>
}

/**
 * A lab as one container, for test suites that have testcontainers already and whose code talks to FMC, FTD or the cloud over the network.
 *
 * @example
 * await using lab = await new FtdLabContainer().withFtds(1).start()
 * await lab.inject({ kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] })
 */
export class FtdLabContainer {
  readonly #image: string
  readonly #words: string[] = []

  constructor(image: string = IMAGE) {
    this.#image = image
  }

  withFtds(ftds: number): this {
    return this.#with('--ftds', ftds)
  }

  withRegion(region: 'us' | 'eu' | 'apj'): this {
    return this.#with('--region', region)
  }

  /** Lab seconds a second; 10 unless given. */
  withSpeed(speed: number): this {
    return this.#with('--speed', speed)
  }

  withSeed(seed: number): this {
    return this.#with('--seed', seed)
  }

  #with(option: string, value: string | number): this {
    this.#words.push(option, String(value))
    return this
  }

  /** Starts it and resolves when the lab in it is healthy. */
  async start(): Promise<StartedFtdLabContainer> {
    const container = await new GenericContainer(this.#image)
      .withCommand(['up', ...this.#words])
      .withExposedPorts(...Object.values(PORTS))
      .withWaitStrategy(Wait.forHealthCheck())
      .withStartupTimeout(HEALTHY_WITHIN_MS)
      .start()
    try {
      return await opened(container)
    } catch (error) {
      await container.stop()
      throw error
    }
  }
}

async function opened(container: StartedTestContainer): Promise<StartedFtdLabContainer> {
  const file = async (name: string) => (await container.exec(['cat', `${STATE}/${name}`])).output
  const { token } = JSON.parse(await file('lab.json')) as { token: string }
  const at = (port: number) => `127.0.0.1:${container.getMappedPort(port)}`
  const url = `http://${at(PORTS.console)}`

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const answer: unknown = text === '' ? null : JSON.parse(text)
    if (response.ok) return answer as T
    const { error } = answer as { error: { code: LabErrorCode; message: string } }
    throw new LabError(error.code, error.message)
  }

  const host = encodeURIComponent
  const stop = async () => void (await container.stop())
  return {
    url,
    fmcUrl: `https://${at(PORTS.fmc)}`,
    proxyUrl: `http://${at(PORTS.connect)}`,
    caPem: await file('ca.pem'),
    container,
    status: () => call('GET', '/status'),
    exec: (name, command, options = {}) => call('POST', `/hosts/${host(name)}/exec`, { command, ...options }),
    inject: (fault) => call('POST', '/faults', fault),
    cure: (id) => call('DELETE', `/faults/${host(id)}`),
    sendEvents: async (device, events) => void (await call('POST', `/hosts/${host(device)}/events`, events)),
    events: async (device) => (await call<EventPage>('GET', `/events?limit=1000&device=${host(device)}`)).items,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
