import { z } from 'zod'
import { EventType } from '../../shared/contract/event.ts'
import type { Files } from '../../shared/kernel/files.ts'
import { readText } from '../../shared/host/optional-files.ts'
import { DEVICE_FILE } from './paths.ts'

/** What the device is and whom it belongs to; written once, at its first start. (invented) */
export const Device = z.object({
  uuid: z.string(),
  /** As `show version` prints it, e.g. `Cisco Firepower Threat Defense for VMware (75)`. */
  model: z.string(),
  /** E.g. `6.5.0`. */
  version: z.string(),
  /** E.g. `115`. */
  build: z.string(),
  manager: z.object({ address: z.string(), registrationKey: z.string() }),
  /** What the detection engine sees: so many events of a type a second, fractions allowed. */
  traffic: z.array(z.object({ type: EventType, ratePerSecond: z.number().min(0) })),
})
export type Device = z.infer<typeof Device>

/** Reads what the device is. Throws with the file's name when it is missing or damaged. */
export async function readDevice(files: Files): Promise<Device> {
  try {
    return Device.parse(JSON.parse((await files.read(DEVICE_FILE)).toString()))
  } catch (error) {
    throw new Error(`cannot read ${DEVICE_FILE}`, { cause: error })
  }
}

/** The name the appliance gives itself, from `/etc/hostname`; `firepower`, the factory name (public), when there is none. */
export async function readHostname(files: Files): Promise<string> {
  const text = await readText(files, '/etc/hostname')
  return text?.trim() || 'firepower'
}
