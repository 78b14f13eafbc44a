import { createSocket } from 'node:dgram'
import { codeOf, errno } from '../kernel/errors.ts'
import type { Endpoint, UdpSocket } from '../kernel/net.ts'
import type { OsNetOptions } from './net.ts'

/**
 * A UDP socket of the kernel's. Through an address map, a socket on all addresses is bound to the first of the host's addresses that the
 * map knows. It never learns of "port unreachable": Node asks the kernel only on connected sockets.
 */
export async function openUdp(
  { addressing, holdings }: Pick<OsNetOptions, 'addressing' | 'holdings'>,
  at: { readonly address?: string; readonly port?: number },
): Promise<UdpSocket> {
  const address = at.address ?? '0.0.0.0'
  const bind = addressing.binds({ address, port: at.port ?? 0 })[0]!
  const socket = createSocket({ type: 'udp4' })
  let open = true
  let onError: ((error: NodeJS.ErrnoException) => void) | undefined
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => reject(errno(codeOf(error) ?? 'EIO', 'bind', `${address}:${at.port ?? 0}`))
    socket.once('error', failed)
    socket.bind({ address: bind.address, port: bind.port, exclusive: true }, () => {
      socket.off('error', failed)
      resolve()
    })
  })
  socket.on('error', (error: NodeJS.ErrnoException) => onError?.(error))
  const close = (): Promise<void> => {
    if (!open) return Promise.resolve()
    open = false
    forget()
    return new Promise((resolve) => socket.close(() => resolve()))
  }
  const forget = holdings.add({ close })
  let receive: ((data: Buffer, from: Endpoint) => void) | undefined
  socket.on('message', (data, from) => receive?.(data, addressing.seen({ address: from.address, port: from.port })))
  return {
    at: { address, port: at.port || socket.address().port },
    onMessage: (receiver) => void (receive = receiver),
    onError: (receiver) => void (onError = receiver),
    send: (data, to) => {
      if (!open) return
      const target = addressing.target(to)
      if (typeof target === 'string') return // Nobody there: a datagram is lost without a word.
      socket.send(data, target.port, target.address, (error) => {
        if (error) onError?.(errno(codeOf(error) ?? 'EIO', 'send', `${to.address}:${to.port}`))
      })
    },
    [Symbol.asyncDispose]: close,
  }
}
