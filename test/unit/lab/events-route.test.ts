import { expect, test } from 'vitest'
import type { ParsedEvent } from '../../../services/lab/events/parse.ts'
import { routeEvents } from '../../../services/lab/events/route.ts'

const devices = [
  { name: 'ftd1', uuid: '00000000-0000-4000-8000-000000000001' },
  { name: 'ftd2', uuid: '00000000-0000-4000-8000-0000000000AB' },
]
const event = (line: number, host?: string, uuid?: string): ParsedEvent => ({
  line,
  ...(host !== undefined && { host }),
  event: { type: 'file', id: 430004, time: line, fields: uuid === undefined ? {} : { DeviceUUID: uuid } },
})

test('events go to the FTD of their UUID, then of their host name, then to the one that was named, in order', () => {
  const routed = routeEvents(
    [event(1), event(2, 'ftd2.lab.example'), event(3, 'ftd1', '00000000-0000-4000-8000-0000000000ab'), event(4, 'other', 'unknown')],
    devices,
    'ftd1',
  )
  expect([...routed].map(([device, events]) => [device, events.map(({ time }) => time)])).toEqual([
    ['ftd1', [1, 4]],
    ['ftd2', [2, 3]],
  ])
})

test('an FTD that is not there is refused with those that are', () => {
  expect(() => routeEvents([], devices, 'ftd9')).toThrow('there is no FTD named ftd9; the FTDs are ftd1, ftd2')
})
