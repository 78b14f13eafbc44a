/** Dice. One seed gives one sequence; each name has its own, so that one more roll in one place moves no other. */
export interface Random {
  /** An independent sequence that depends only on the seed and the names on the way to it. */
  stream(name: string): Random
  /** In [0, 1). */
  next(): number
  /** A whole number in [min, max], both included. */
  int(min: number, max: number): number
  chance(probability: number): boolean
  bytes(length: number): Buffer
  /** A version 4 UUID, lower case. */
  uuid(): string
  pick<T>(from: readonly T[]): T
}
