import { expect, test } from 'vitest'
import { codeOf } from '../../shared/kernel/errors.ts'
import type { Ip } from '../../shared/kernel/net.ts'
import type { World } from '../../shared/kernel/world.ts'

/** Two hosts in one network, and how their time passes. What a contract suite runs on. */
export interface TwoHosts extends AsyncDisposable {
  readonly a: World
  readonly b: World
  readonly addressOfA: Ip
  /** `b` has two addresses. */
  readonly addressesOfB: readonly [Ip, Ip]
  /** A port to listen on: 0 where any will do, else one that both hosts may use; another one at each call. */
  port(): number
  /** Whether this machine can send echoes. */
  readonly canPing: boolean
  /** Lets time pass until the work is done. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** Makes two fresh hosts. The same seed gives the same hosts. */
export type MakeHosts = () => Promise<TwoHosts>

/** Generous, for processes on a busy machine. Nothing waits for it when all is well. */
const LIMIT_MS = 60_000

/** A test on two fresh hosts. */
export function hostsTest(title: string, makeHosts: MakeHosts, body: (hosts: TwoHosts) => Promise<void>): void {
  test(title, { timeout: LIMIT_MS }, async () => {
    await using hosts = await makeHosts()
    await hosts.run(() => body(hosts))
  })
}

/** Waits, in a host's time, until a condition holds. */
export async function until(world: World, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = world.clock.uptimeMs() + LIMIT_MS / 2
  while (!(await holds())) {
    if (world.clock.uptimeMs() > endMs) throw new Error(`still not so: ${what}`)
    await world.clock.sleep(5)
  }
}

/** The code that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<string | undefined> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return codeOf(error) ?? String(error)
  }
  expect.fail(`resolved with ${String(value)}, should have rejected`)
}
