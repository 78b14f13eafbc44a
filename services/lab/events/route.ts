import { LabError, oneOf } from '../../../shared/kernel/errors.ts'
import type { ParsedEvent } from './parse.ts'

export interface KnownDevice {
  readonly name: string
  readonly uuid: string
}

/**
 * Spreads events over the lab's FTDs: to the one whose UUID or name an event carries (a host name may have a domain behind it), else to `otherwise`. Order is
 * kept. Throws LAB_NO_SUCH_HOST when the lab has no FTD called `otherwise`.
 */
export function routeEvents(
  events: readonly ParsedEvent[],
  devices: readonly KnownDevice[],
  otherwise: string,
): Map<string, ParsedEvent['event'][]> {
  const names = new Set(devices.map(({ name }) => name))
  if (!names.has(otherwise)) throw new LabError('LAB_NO_SUCH_HOST', `there is no FTD named ${otherwise}; the FTDs are ${oneOf(names)}`)
  const byUuid = new Map(devices.map(({ name, uuid }) => [uuid.toLowerCase(), name]))
  const routed = new Map<string, ParsedEvent['event'][]>()
  for (const { event, host } of events) {
    const uuid = event.fields['DeviceUUID']
    const shortName = host?.split('.')[0]!.toLowerCase()
    const device =
      (typeof uuid === 'string' && byUuid.get(uuid.toLowerCase())) ||
      (shortName !== undefined && names.has(shortName) ? shortName : otherwise)
    const list = routed.get(device)
    if (list === undefined) routed.set(device, [event])
    else list.push(event)
  }
  return routed
}
