import type { Duplex } from 'node:stream'
import type { Conn } from '../../../shared/kernel/net.ts'
import { codeOf } from '../../../shared/kernel/errors.ts'

/**
 * Joins a real connection to one inside the lab, both ways: an end goes on as an end, a reset as a reset, and who reads slowly is not sent more than he
 * takes. Both must allow half-open connections.
 */
export function bridge(outside: Conn, inside: Conn): void {
  outside.pipe(inside)
  inside.pipe(outside)
  endTogether(outside, inside)
  endTogether(inside, outside)
}

function endTogether(one: Duplex, other: Conn): void {
  let failure: string | undefined
  one.on('error', (error) => (failure = codeOf(error) ?? 'unknown'))
  one.on('close', () => {
    if (other.destroyed) return
    // Whoever was not told in good order that this side is gone would wait for it for ever.
    if (failure !== undefined || !one.readableEnded) other.resetAndDestroy()
    else if (!one.writableFinished) other.destroy()
  })
}
