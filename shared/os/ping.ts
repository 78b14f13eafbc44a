import { execFile } from 'node:child_process'
import { errno } from '../kernel/errors.ts'
import type { Ip } from '../kernel/net.ts'
import type { OsNetOptions } from './net.ts'

/**
 * One echo by the system's `ping` (iputils), whose round trip time is given as measured. Through an address map the answer of a host that the map knows is the
 * loopback's. Rejects with ENOENT when the machine has no `ping`.
 */
export async function ping(
  { addressing, clock, speed }: Pick<OsNetOptions, 'addressing' | 'clock' | 'speed'>,
  to: Ip,
  timeoutMs: number,
): Promise<{ readonly rttMs: number; readonly ttl: number }> {
  // Any port of a host that exists has a target; only its address matters.
  const target = addressing.target({ address: to, port: 65_535 })
  if (target === 'nobody') {
    await clock.sleep(timeoutMs)
    throw errno('ETIMEDOUT', 'ping', to)
  }
  const address = target === 'closed' ? to : target.address
  const waitSeconds = Math.max(0.001, timeoutMs / speed / 1_000)
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      'ping',
      ['-n', '-c', '1', '-W', waitSeconds.toFixed(3), address],
      { env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        // Exit 1 is "no answer", 2 is an error that is told in words; both are read below.
        if (error !== null && typeof error.code !== 'number') reject(error)
        else resolve(stdout + stderr)
      },
    )
  })
  const answer = /ttl=(\d+) time=([\d.]+) ms/.exec(output)
  if (answer) return { rttMs: Number(answer[2]), ttl: Number(answer[1]) }
  if (/Network is unreachable/i.test(output)) throw errno('ENETUNREACH', 'ping', to)
  if (/Host Unreachable/i.test(output)) throw errno('EHOSTUNREACH', 'ping', to)
  if (/not permitted|permission/i.test(output)) throw errno('EPERM', 'ping', to)
  throw errno('ETIMEDOUT', 'ping', to)
}
