import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type ServerOptions, type WebSocket } from 'ws'
import { INGEST_PATH, type IngestAck, type IngestBatch } from '../../../shared/contract/ingest.ts'
import type { CloudOutage } from '../../../shared/contract/admin.ts'
import type { RegionId } from '../../../shared/contract/region.ts'
import { codeOf } from '../../../shared/kernel/errors.ts'
import type { World } from '../../../shared/kernel/world.ts'
import { accessDenied, invalidToken, upgradeRequired, type ApiError } from '../api/errors.ts'
import { bearerOf } from '../api/request.ts'
import type { Device } from '../state/devices.ts'
import type { State } from '../state.ts'
import { batchProblem } from './batch.ts'
import { createCommitter } from './committer.ts'

/** A batch of 200 events has about 150 KB; this leaves room for clients that batch more. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
/** One look over all connections; a connection that says nothing is pinged at the second look and ended at the third. */
const SWEEP_MS = 60_000
/** ws would end an unanswered close by a timer of its own, in real time; here the sweep does it in lab time. */
const NEVER_MS = 2 ** 31 - 1
/** What fits into a close frame. */
const REASON_LIMIT = 123

const GOING_AWAY = 1001
const UNSUPPORTED_DATA = 1003
const INVALID_DATA = 1007
const POLICY = 1008
const INTERNAL = 1011

/** The eventing-ingest WebSocket of all regions. All of it is invented but host, port and transport (seed A). */
export interface Ingest extends Disposable {
  /** Why the request may not become an eventing WebSocket, or undefined when it may. */
  refusal(request: IncomingMessage, region: RegionId): ApiError | undefined
  /** The same for a request that did not ask for an upgrade; undefined when its path is another one. */
  refusePlain(request: IncomingMessage, region: RegionId, path: string): ApiError | undefined
  /** Takes over a connection whose request has no `refusal`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  isConnected(device: Device): boolean
  /** Ends the device's WebSocket, if there is one, with 1008. */
  disconnect(device: Device, reason: string): void
  /** Has the open WebSockets suffer the outage of their region, or end the silence of those whose region has none. */
  suffer(answerIn: (region: RegionId) => CloudOutage['answer'] | undefined): void
}

interface Connection {
  /** `Device.key`. */
  readonly device: number
  readonly region: RegionId
  readonly socket: WebSocket
  /** Sweeps since it last said anything. */
  silentSweeps: number
  /** What comes after the close frame was sent is not looked at. */
  ended: boolean
}

export function createIngest(world: World, state: State): Ingest {
  const { clock, log } = world
  // The types do not know closeTimeout yet.
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    closeTimeout: NEVER_MS,
  }
  const server = new WebSocketServer(options)
  const committer = createCommitter((batches) => state.events.store(batches, clock.now()))
  /** The connection that counts of each device. */
  const current = new Map<number, Connection>()
  /** With those that are being closed. */
  const all = new Set<Connection>()
  let sweep: Disposable | undefined

  function deviceOf(request: IncomingMessage): Device | undefined {
    const bearer = bearerOf(request)
    return bearer === undefined ? undefined : state.devices.byAccessToken(bearer)
  }

  function refusal(request: IncomingMessage, region: RegionId): ApiError | undefined {
    const device = deviceOf(request)
    if (device === undefined) return invalidToken('the access token belongs to no registered device')
    if (device.region !== region) return accessDenied('this device is registered in another region')
    if (!state.accounts.get(device).services.eventing) return accessDenied('eventing is off for this organisation')
    return undefined
  }

  function open(device: Device, socket: WebSocket): void {
    const connection: Connection = { device: device.key, region: device.region, socket, silentSweeps: 0, ended: false }
    const before = current.get(device.key)
    if (before !== undefined) end(before, POLICY, 'the device has a newer connection')
    current.set(device.key, connection)
    all.add(connection)
    const heard = () => {
      connection.silentSweeps = 0
    }
    socket.on('ping', heard)
    socket.on('pong', heard)
    socket.on('message', (data, isBinary) => {
      heard()
      if (!connection.ended) receive(connection, data, isBinary)
    })
    socket.on('error', (error) => {
      // ws has sent 1002, 1007 or 1009 itself; other errors are the network's.
      if (codeOf(error)?.startsWith('WS_ERR_')) reject(connection, error.message)
      else log.debug('ingest.lost', { device: connection.device, error: error.message })
    })
    socket.on('close', () => {
      all.delete(connection)
      forget(connection)
    })
    sweep ??= clock.after(SWEEP_MS, sweepAll)
  }

  function receive(connection: Connection, data: RawData, isBinary: boolean): void {
    if (isBinary) return reject(connection, 'batches are text', UNSUPPORTED_DATA)
    let batch: unknown
    try {
      batch = JSON.parse((data as Buffer).toString())
    } catch (error) {
      return reject(connection, (error as Error).message, INVALID_DATA)
    }
    const problem = batchProblem(batch)
    if (problem !== undefined) return reject(connection, problem, POLICY)
    const { first, last, events } = batch as IngestBatch
    const ack: IngestAck = { first, ack: last }
    committer.add({
      device: connection.device,
      events: events.map(({ number, event: { type, id, time, fields } }) => ({ number, type, id, time, fields: JSON.stringify(fields) })),
      stored: () => {
        if (!connection.ended) connection.socket.send(JSON.stringify(ack))
      },
      failed: (error) => {
        log.error('events could not be stored', { device: connection.device, first, last, error: String(error) })
        end(connection, INTERNAL, 'the events could not be stored')
      },
    })
  }

  /** Ends a connection for what came over it. Without a code ws has sent the close frame. */
  function reject(connection: Connection, reason: string, code?: number): void {
    log.warn('ingest.rejected', { device: connection.device, code, reason })
    state.events.reject(connection.device)
    end(connection, code, reason)
  }

  function end(connection: Connection, code: number | undefined, reason: string): void {
    if (connection.ended) return
    connection.ended = true
    forget(connection)
    if (code !== undefined) connection.socket.close(code, reason.replace(/[^ -~]/g, '?').slice(0, REASON_LIMIT))
  }

  function forget(connection: Connection): void {
    if (current.get(connection.device) === connection) current.delete(connection.device)
  }

  function sweepAll(): void {
    sweep = undefined
    for (const connection of all) {
      if (connection.silentSweeps >= 2) connection.socket.terminate()
      else if (connection.silentSweeps === 1 && !connection.ended) connection.socket.ping()
      connection.silentSweeps++
    }
    if (all.size > 0) sweep = clock.after(SWEEP_MS, sweepAll)
  }

  return {
    refusal,
    refusePlain(request, region, path) {
      return path === INGEST_PATH ? (refusal(request, region) ?? upgradeRequired()) : undefined
    },
    upgrade(request, socket, head) {
      const device = deviceOf(request)!
      server.handleUpgrade(request, socket, head, (webSocket) => open(device, webSocket))
    },
    isConnected: (device) => current.has(device.key),
    disconnect(device, reason) {
      const connection = current.get(device.key)
      if (connection !== undefined) end(connection, POLICY, reason)
    },
    suffer(answerIn) {
      for (const connection of all) {
        const { socket, region } = connection
        const answer = answerIn(region)
        // What is not read is neither stored nor acknowledged, and a ping not answered.
        if (answer === 'silence') {
          socket.pause()
          continue
        }
        socket.resume()
        if (answer === 'reset') socket.terminate()
        else if (answer !== undefined) end(connection, GOING_AWAY, '')
      }
    },
    [Symbol.dispose]() {
      committer.flush()
      sweep?.[Symbol.dispose]()
      for (const connection of all) connection.socket.terminate()
    },
  }
}
