import { SFTUNNEL_PORT } from '../../../shared/contract/sftunnel.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { readDevice } from '../device.ts'
import { readJson } from '../files.ts'
import { readText } from '../../../shared/host/optional-files.ts'
import { CLOUD_SETTINGS, SFTUNNEL_STATE } from '../paths.ts'
import { SftunnelState } from '../processes/sftunnel/state.ts'
import { timeText } from './layout.ts'

/** Whether the manager has ever taken this device: then it has broadcast its settings, which the device keeps. */
export async function isRegistered(world: World): Promise<boolean> {
  const state = await readJson(world, SFTUNNEL_STATE, SftunnelState)
  return state?.connectedSince !== undefined || (await readText(world.files, CLOUD_SETTINGS)) !== undefined
}

/**
 * `sftunnel-status-brief`. Whether the channel is up is seen from the device's connections, the times are the sftunnel process's own. (public P17; the text before
 * the first connection is invented)
 */
export async function sftunnelStatusBrief(world: World): Promise<string> {
  const { manager } = await readDevice(world.files)
  const state = await readJson(world, SFTUNNEL_STATE, SftunnelState)
  const peer = state?.peer ?? manager.address
  const connection = (await world.net.sockets()).find(
    (socket) =>
      socket.protocol === 'tcp' &&
      socket.state === 'ESTABLISHED' &&
      socket.remote?.port === SFTUNNEL_PORT &&
      socket.remote.address === peer,
  )
  const registration = `Registration: ${(await isRegistered(world)) ? 'Completed' : 'Pending'}.\n`
  if (connection?.protocol === 'tcp' && state?.connectedSince !== undefined) {
    const local = connection.local.address
    const name = world.net.interfaces().find(({ address }) => address === local)?.name ?? 'eth0'
    return [
      `PEER:${peer}\n`,
      `Peer channel Channel-A is valid type (CONTROL), using '${name}', connected to '${peer}' via '${local}'\n`,
      `Peer channel Channel-B is valid type (EVENT), using '${name}', connected to '${peer}' via '${local}'\n`,
      registration,
      `IPv4 Connection to peer '${peer}' Start Time: ${time(state.connectedSince)}\n`,
      `Heartbeat Send Time: ${time(state.heartbeatSent)}\n`,
      `Heartbeat Received Time: ${time(state.heartbeatReceived)}\n`,
    ].join('')
  }
  return [
    `PEER:${peer}\n`,
    registration,
    `Connection to peer '${peer}' Attempted at ${time(state?.lastAttempt)}\n`,
    ...(state?.lastDisconnect === undefined
      ? []
      : [
          `Last disconnect time : ${time(state.lastDisconnect)}\n`,
          'Last disconnect reason : Both control and event channel connections with peer went down\n',
        ]),
  ].join('')
}

function time(epochMs: number | undefined): string {
  return epochMs === undefined ? '' : timeText(epochMs)
}
