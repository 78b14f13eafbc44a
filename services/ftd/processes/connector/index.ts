import { codeOf } from '../../../../shared/kernel/errors.ts'
import type { Program } from '../../../../shared/kernel/processes.ts'
import type { World } from '../../../../shared/kernel/world.ts'
import { serveHttp, type HttpService } from '../../../../shared/wire/http/server.ts'
import { CONNECTOR_PORT, readConnectorProperties } from '../../connector-properties.ts'
import { ended } from '../../waiting.ts'
import { localApi } from './api.ts'
import { openContexts, type Contexts } from './contexts.ts'
import { openConnectorLog, type ConnectorLog } from './log.ts'

/**
 * The SSE connector: its local API on the loopback port of connector.properties, the device's registration with the cloud and the events service. Ends with 1 when the
 * port is taken (the supervisor then starts it again).
 */
export const connector: Program = async (world, { signal }) => {
  const log = await openConnectorLog(world)
  const stopping = new AbortController()
  const contexts = await openContexts(world, log)
  try {
    await using service = await listen(world, log, contexts, () => stopping.abort(new Error('shutdown was asked for')))
    if (service === undefined) return 1
    await ended(AbortSignal.any([signal, stopping.signal]))
    return 0
  } finally {
    contexts.stop()
    await log.flushed()
  }
}

async function listen(world: World, log: ConnectorLog, contexts: Contexts, shutdown: () => void): Promise<HttpService | undefined> {
  const port = (await readConnectorProperties(world.files)).port ?? CONNECTOR_PORT
  const reset = async () => {
    if (contexts.context !== undefined) await contexts.remove()
  }
  try {
    const service = await serveHttp(world, { address: '127.0.0.1', port, handler: localApi(contexts, { shutdown, reset }) })
    log.info('server.go:71 server:Start', `listening on localhost:${port}`)
    return service
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error
    log.error('server.go:68 server:Start', `listen tcp 127.0.0.1:${port}: bind: address already in use`)
    return undefined
  }
}
