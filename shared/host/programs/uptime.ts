import type { Program } from '../../kernel/processes.ts'

/** `uptime`: since the host's first process was started. One user and an idle load are invented. (layout public: procps) */
export const uptime: Program = async (world, invocation) => {
  const nowMs = world.clock.now()
  const bootedMs = Math.min(nowMs, ...(await world.processes.list()).map((row) => row.startedMs))
  const minutes = Math.floor((nowMs - bootedMs) / 60_000)
  const days = Math.floor(minutes / 1_440)
  const hours = Math.floor(minutes / 60) % 24
  const dayText = days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `
  const clock = hours === 0 ? `${minutes % 60} min` : `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, '0')}`
  invocation.stdout.write(
    ` ${new Date(nowMs).toISOString().slice(11, 19)} up ${dayText}${clock},  1 user,  load average: 0.00, 0.00, 0.00\n`,
  )
  return 0
}
