import type { ClockChange, ClockReport } from '../api/schemas.ts'
import { runningLab } from './client.ts'
import { print, printJson, timeText } from './print.ts'

/** `ftdlab clock`: what the lab's clock says. */
export async function clockShow(options: { readonly json?: boolean }): Promise<number> {
  const { call } = await runningLab()
  const clock = await call<ClockReport>('GET', '/api/clock')
  if (options.json === true) printJson(clock)
  else say(clock)
  return 0
}

/** `ftdlab clock speed|pause|run`: changes how lab time runs. */
export async function clockChange(change: ClockChange): Promise<number> {
  const { call } = await runningLab()
  say(await call<ClockReport>('PUT', '/api/clock', change))
  return 0
}

/** `ftdlab clock advance`: lets lab time pass as fast as the machine can; returns when it has. */
export async function clockAdvance(duration: string): Promise<number> {
  const { call } = await runningLab()
  say(await call<ClockReport>('POST', '/api/clock/advance', { duration }))
  return 0
}

function say({ now, speed, paused }: ClockReport): void {
  print(`${timeText(now)} UTC, ${paused ? `paused (${speed} lab seconds a second when it runs)` : `${speed} lab seconds a second`}`)
}
