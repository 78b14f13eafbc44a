import { EVENT_STATE, EventState } from '../contract/event.ts'
import type { Lab } from './lab.ts'

/** How far a device's EventHandler has come, by its own books. */
export type EventBooks = Pick<EventState, 'acknowledged' | 'skipped' | 'first'>

/** Reads a device's books. There is no file before EventHandler has run: then nothing is acknowledged. */
export async function eventBooks(lab: Lab, device: string): Promise<EventBooks> {
  const file = await lab.exec(device, `cat ${EVENT_STATE}`, { shell: 'root' })
  return file.exitCode === 0 ? EventState.parse(JSON.parse(file.stdout)) : { acknowledged: 0, skipped: 0, first: 1 }
}

/** Events that the cloud acknowledged and does not have. Read the books first: what they say is stored must be in the cloud's later answer. */
export function lostEvents({ acknowledged, skipped }: Pick<EventBooks, 'acknowledged' | 'skipped'>, stored: number): number {
  return Math.max(0, acknowledged - skipped - stored)
}
