import type { HealthModuleId, HealthReport } from '../../../../shared/contract/sftunnel.ts'
import { askSupervisor } from '../../../../shared/host/supervisor-control.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { request } from '../../../../shared/wire/http/client.ts'
import { fetchContext } from '../../connector-client.ts'
import { readConnectorProperties } from '../../connector-properties.ts'
import { readCloudSettings } from '../../settings.ts'
import { cloudRoute } from '../connector/route.ts'

/** How long the cloud may take to answer the health monitor. (invented) */
const REACH_MS = 20_000

type Result = Omit<HealthReport, 'module'>

/** The health modules that the lab runs, each a look at the device as it is now. */
export const MODULES: Readonly<Record<HealthModuleId, (world: World, signal: AbortSignal) => Promise<Result>>> = {
  THREAT_DATA_UPDATES: threatDataUpdates,
  CONN_STATUS_SSE: connectionStatus,
  PROCESS: processStatus,
}

/** Red unless the device is enrolled and reaches the connector's host itself, so also when the cloud is off. The alert is as general as the real one (seed C, CSCvr46845). */
async function threatDataUpdates(world: World, signal: AbortSignal): Promise<Result> {
  const isWell = (await isEnrolled(world)) && (await reachesCloud(world, signal))
  return isWell
    ? { status: 'GREEN', description: 'Threat Data Updates - Cisco Cloud Configuration - Success', details: '' }
    : { status: 'RED', description: 'Threat Data Updates - Cisco Cloud Configuration - Failure', details: '' }
}

async function isEnrolled(world: World): Promise<boolean> {
  try {
    return (await fetchContext(world))?.status.status === 'Enrolled'
  } catch (error) {
    world.log.debug('the connector does not answer the health monitor', { error: String(error) })
    return false
  }
}

/** Whether the connector's host answers as the cloud does: 403 is what it says to a stranger (seeds A, B); any other error is not the cloud's word. */
async function reachesCloud(world: World, signal: AbortSignal): Promise<boolean> {
  const { fqdn } = await readConnectorProperties(world.files)
  if (fqdn === undefined || !URL.canParse(`https://${fqdn}/`)) return false
  try {
    const { status } = await request(world, { url: `https://${fqdn}/`, timeoutMs: REACH_MS, signal, ...(await cloudRoute(world)) })
    return status < 400 || status === 403
  } catch (error) {
    signal.throwIfAborted()
    world.log.debug('the health monitor does not reach the cloud', { error: String(error) })
    return false
  }
}

/** Whether the connector has a connection to somewhere else than this host. (module public P22, meaning and wording invented) */
async function connectionStatus(world: World): Promise<Result> {
  if ((await readCloudSettings(world))?.enabled !== true) {
    return { status: 'GREEN', description: 'Connection to Cisco SSE cloud - Not in use', details: '' }
  }
  return (await ingestConnection(world))
    ? { status: 'GREEN', description: 'Connection to Cisco SSE cloud - Established', details: '' }
    : { status: 'RED', description: 'Connection to Cisco SSE cloud - Failure', details: '' }
}

/** Whether a connection of the connector to another host is ESTABLISHED, as `lsof -i | grep conn` would show it (seeds A, B). */
export async function ingestConnection(world: World): Promise<boolean> {
  const rows = await world.net.sockets()
  return rows.some(
    (row) =>
      row.protocol === 'tcp' &&
      row.command === 'connector' &&
      row.state === 'ESTABLISHED' &&
      row.remote?.address.startsWith('127.') === false,
  )
}

/** (module public P16, wording invented) */
async function processStatus(world: World): Promise<Result> {
  const { daemons } = await askSupervisor(world, '/ngfw', { kind: 'status' })
  const off = daemons.filter(({ state }) => state !== 'Running')
  if (off.length === 0) return { status: 'GREEN', description: 'Process Status - All processes are running correctly', details: '' }
  return { status: 'RED', description: `Process Status - ${off.map(({ name, state }) => `${name} - ${state}`).join(', ')}`, details: '' }
}
