/**
 * ZeroMQ PUSH / PULL over `ipc://` between the processes of one host.
 *
 * - A bind creates the socket file; binding over an existing file takes its place (as libzmq does).
 * - Unlinking the file leaves living connections alone and fails the next connect with ENOENT.
 * - A file that nobody listens behind (its owner died) gives ECONNREFUSED.
 * - A connected socket lives as long as its connection: when the other end goes, the Pull's iteration ends and Push's `send` rejects
 *   with EPIPE. It does not reconnect by itself (the connector's pure-Go ZeroMQ does not either).
 * - A full queue makes `send` wait. Nothing is ever dropped while both ends live.
 */
export interface Ipc {
  bindPush(path: string, options?: PushOptions): Promise<Push>
  connectPush(path: string, options?: PushOptions): Promise<Push>
  bindPull(path: string): Promise<Pull>
  connectPull(path: string): Promise<Pull>
}

export interface PushOptions {
  /** Messages that may wait for one peer before `send` waits. Default 1000, as libzmq's. */
  readonly highWaterMark?: number
}

/** A message: one or more frames. */
export type Frames = readonly Buffer[]

export interface Push extends AsyncDisposable {
  /** Resolves when the message is queued for a peer; waits while there is no peer or its queue is full. Peers take turns. */
  send(frames: readonly (Uint8Array | string)[]): Promise<void>
  /** How many peers are attached now. */
  readonly peers: number
  /** Called whenever the number of peers changes. */
  onPeers(changed: (peers: number) => void): void
}

export interface Pull extends AsyncDisposable, AsyncIterable<Frames> {
  readonly peers: number
}
