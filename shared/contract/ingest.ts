import { z } from 'zod'
import { DeviceEvent } from './event.ts'

/**
 * The eventing-ingest WebSocket. Nothing of it is public beyond "WebSocket on 443 of eventing-ingest.<region>": path, sub-protocol, frames and
 * acknowledgement are invented here.
 *
 * - Upgrade: `GET /ingest/v1/events` with `Authorization: Bearer <device access token>`; 401 without a good one, 403 for a device of another region.
 * - Device to cloud: one text message a batch (`IngestBatch`). Cloud to device: `IngestAck` after the batch is durably stored.
 * - Repeats of (device, number) are dropped and acknowledged again.
 */
export const INGEST_PATH = '/ingest/v1/events'

export const IngestBatch = z.object({
  /** Numbers of the first and the last event that this batch accounts for. */
  first: z.number().int().min(1),
  last: z.number().int().min(1),
  events: z.array(z.object({ number: z.number().int().min(1), event: DeviceEvent })),
})
export type IngestBatch = z.infer<typeof IngestBatch>

/** Every event up to and including `ack` of this batch is stored. `first` names the batch. */
export const IngestAck = z.object({ first: z.number().int(), ack: z.number().int() })
export type IngestAck = z.infer<typeof IngestAck>

/**
 * ZeroMQ between EventHandler and SSEConnector (frames invented; the first path is the seeds').
 * EventHandler binds PUSH on `EVENT_SOCKET` and sends one frame: the UTF-8 text of an `IngestBatch`.
 * EventHandler binds PULL on `ACK_SOCKET`; the connector pushes one frame: the text of an `IngestAck`.
 */
export const EVENT_SOCKET = '/ngfw/var/sf/run/EventHandler_SSEConnector.sock'
export const ACK_SOCKET = '/ngfw/var/sf/run/SSEConnector_EventHandler_acks.sock'
