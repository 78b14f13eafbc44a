import type { TlsPair } from './tls-pair.ts'

/** Sends a message, and gets back one of `answerBytes` when all of it has arrived. No framing: both sides know the lengths. */
export function tlsEcho({ client, server }: TlsPair, answerBytes: number): (message: Buffer) => Promise<void> {
  const answer = Buffer.alloc(answerBytes, 'a')
  let missing = 0
  let unanswered = 0
  let done: (() => void) | undefined
  server.on('data', (chunk: Buffer) => {
    missing -= chunk.length
    if (missing === 0) server.write(answer)
  })
  client.on('data', (chunk: Buffer) => {
    unanswered -= chunk.length
    if (unanswered === 0) done?.()
  })
  return (message) =>
    new Promise((resolve) => {
      missing = message.length
      unanswered = answerBytes
      done = resolve
      client.write(message)
    })
}
