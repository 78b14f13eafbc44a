import type { Log } from '../../../shared/kernel/log.ts'
import type { OperatedLab } from '../operated-lab.ts'
import { startSshServer } from '../ssh/server.ts'
import { openConnectDoor } from './connect.ts'
import { openForwardDoor } from './forward.ts'
import type { DoorPlan } from './plan.ts'
import { sshHostKey } from './ssh-keys.ts'

/** The doors to the lab's hosts that are open now. */
export interface OpenDoors extends AsyncDisposable {
  readonly fmc: number
  readonly connect: number
  readonly ssh: Readonly<Record<string, number>>
}

/** Opens every door to the lab's hosts; the console is the API's. When one cannot be opened, none is. */
export async function openDoors(
  lab: OperatedLab,
  plan: DoorPlan,
  options: { readonly sshKeys: string; readonly log: Log },
): Promise<OpenDoors> {
  const { log, sshKeys } = options
  await using opened = new AsyncDisposableStack()
  const dial = (name: string, port: number) => lab.dial(name, port)
  const connect = opened.use(await openConnectDoor(plan.connect, dial, log))
  const fmc = opened.use(await openForwardDoor(plan.fmc, { host: 'fmc', port: 443 }, dial, log))
  const ssh: Record<string, number> = {}
  for (const { device, port, address } of plan.ssh) {
    const server = await startSshServer({
      port,
      address,
      hostKeyPem: await sshHostKey(sshKeys, device),
      log: log.child({ door: `ssh ${device}` }),
      open: (session) => lab.terminal(device, session),
      exec: (command, execOptions) => lab.exec(device, command, execOptions),
    })
    ssh[device] = opened.use(server).port
  }
  const doors = opened.move()
  return { connect: connect.port, fmc: fmc.port, ssh, [Symbol.asyncDispose]: () => doors.disposeAsync() }
}
