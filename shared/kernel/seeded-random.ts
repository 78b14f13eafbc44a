import { createHash } from 'node:crypto'
import type { Random } from './random.ts'

/** The one implementation of `Random`: xoshiro128** seeded by a hash of the seed and the stream's name. Used by both Worlds. */
export function seededRandom(seed: number | string, path = ''): Random {
  const digest = createHash('sha256').update(`${seed}/${path}`).digest()
  const state = Uint32Array.from([0, 4, 8, 12], (offset) => digest.readUInt32LE(offset))
  const next32 = (): number => {
    const s1 = state[1]!
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0
    const t = s1 << 9
    state[2]! ^= state[0]!
    state[3]! ^= s1
    state[1]! ^= state[2]!
    state[0]! ^= state[3]!
    state[2]! ^= t
    state[3] = rotate(state[3]!, 11)
    return result
  }
  const next = () => next32() / 2 ** 32
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  const bytes = (length: number) => {
    const out = Buffer.alloc(length)
    for (let i = 0; i < length; i++) out[i] = next32() & 0xff
    return out
  }
  return {
    stream: (name) => seededRandom(seed, `${path}/${name}`),
    next,
    int,
    chance: (probability) => next() < probability,
    bytes,
    uuid: () => {
      const b = bytes(16)
      b[6] = (b[6]! & 0x0f) | 0x40
      b[8] = (b[8]! & 0x3f) | 0x80
      const hex = b.toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
    pick: (from) => {
      if (from.length === 0) throw new RangeError('nothing to pick from: the list is empty')
      return from[int(0, from.length - 1)]!
    },
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
