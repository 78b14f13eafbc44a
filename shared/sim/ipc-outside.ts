import type { Ipc, Pull, Push } from '../kernel/ipc.ts'
import type { SimHost } from './host.ts'
import type { SimUnixSocket } from './ipc.ts'
import type { SimProcess } from './process.ts'

/** Makes real ZeroMQ sockets for one process; `holds` takes what must be closed when the process ends and gives back how to forget it. */
export type OutsideIpc = (holds: (resource: { close(): void }) => () => void) => Ipc

/**
 * A process's ZeroMQ sockets when they are real ones, so that programs outside the lab can be their peers. The host shows them in its socket
 * table under the simulated process.
 */
export function outsideIpcView(host: SimHost, self: SimProcess, outside: OutsideIpc): Ipc {
  const { clock } = host.sim
  const ipc = outside((resource) => self.holds(resource))
  const opened = async <T extends Push | Pull>(path: string, bound: boolean, opening: Promise<T>): Promise<T> => {
    // The kernel answers at once; virtual time must not run on while it does.
    const hold = clock.hold()
    const socket = await self.whileAlive(opening.finally(() => hold[Symbol.dispose]()))
    const hide = host.showOutside(rowsOf(host, self, path, bound, socket))
    const forget = self.holds({ close: hide })
    const close = socket[Symbol.asyncDispose].bind(socket)
    socket[Symbol.asyncDispose] = async () => {
      forget()
      hide()
      await close()
    }
    return socket
  }
  return {
    bindPush: async (path, options) => watchedPush(self, await opened(path, true, ipc.bindPush(path, options))),
    connectPush: async (path, options) => watchedPush(self, await opened(path, false, ipc.connectPush(path, options))),
    bindPull: async (path) => watchedPull(self, await opened(path, true, ipc.bindPull(path))),
    connectPull: async (path) => watchedPull(self, await opened(path, false, ipc.connectPull(path))),
  }
}

/** The rows that a socket has now: a bound one listens, and has one row a peer; a connected one has a row without a path. */
function rowsOf(host: SimHost, owner: SimProcess, path: string, bound: boolean, socket: Push | Pull): () => SimUnixSocket[] {
  const fd = owner.takeFd()
  const inode = host.nextInode()
  return () => {
    const peers = Array.from({ length: socket.peers }, (_, index) => ({
      owner,
      state: 'CONNECTED' as const,
      path: bound ? path : undefined,
      fd: fd + 1 + index,
      inode: inode + 1 + index,
    }))
    return bound ? [{ owner, state: 'LISTENING', path, fd, inode }, ...peers] : peers
  }
}

function watchedPush(self: SimProcess, push: Push): Push {
  const { clock } = self.host.sim
  return {
    get peers() {
      return push.peers
    },
    onPeers: (changed) =>
      push.onPeers((peers) => {
        clock.touch()
        if (self.alive) changed(peers)
      }),
    send: (frames) => self.whileAlive(push.send(frames).finally(() => clock.touch())),
    [Symbol.asyncDispose]: () => push[Symbol.asyncDispose](),
  }
}

function watchedPull(self: SimProcess, pull: Pull): Pull {
  const { clock } = self.host.sim
  return {
    get peers() {
      return pull.peers
    },
    async *[Symbol.asyncIterator]() {
      for await (const frames of pull) {
        clock.touch()
        if (!self.alive) return
        yield frames
      }
      clock.touch()
    },
    [Symbol.asyncDispose]: () => pull[Symbol.asyncDispose](),
  }
}
