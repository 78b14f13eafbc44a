import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether somebody sent the right secret. Takes the same time whatever was sent: digests have one length, so not even the secret's length shows. */
export function isSameSecret(given: string | Uint8Array, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}
