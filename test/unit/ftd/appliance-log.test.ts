import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goQuote, logrusLine, logrusValue, openSyslog, rfc3339Nano, syslogLine } from '../../../shared/host/appliance-log.ts'
import { createSim } from '../../../shared/sim/sim.ts'

const APRIL = Date.UTC(2020, 3, 13, 14, 34, 2, 884)

describe('logrus lines', () => {
  test('look like the documented ones', () => {
    const message =
      '[firepower.cisco.com][events.go:90 events:connectWebSocket] dial tcp 18.205.49.246:443: getsockopt: connection timed out'
    expect(logrusLine(APRIL, 720_460, 'error', message)).toBe(`time="2020-04-13T14:34:02.88472046+00:00" level=error msg="${message}"`)
  })

  test('trim zeros at the end of the fraction, and the fraction itself', () => {
    expect(rfc3339Nano(APRIL, 0)).toBe('2020-04-13T14:34:02.884+00:00')
    expect(rfc3339Nano(Date.UTC(2020, 3, 13), 0)).toBe('2020-04-13T00:00:00+00:00')
    expect(rfc3339Nano(Date.UTC(2020, 3, 13), 1)).toBe('2020-04-13T00:00:00.000000001+00:00')
  })

  test('quote what is not a bare word', () => {
    expect(logrusValue('bare-word_1.0/@^+')).toBe('bare-word_1.0/@^+')
    expect(logrusValue('dial to "ipc:///x.sock"\n')).toBe('"dial to \\"ipc:///x.sock\\"\\n"')
    expect(logrusValue('')).toBe('""')
    expect(goQuote('tab\t back\\slash \u0001')).toBe('"tab\\t back\\\\slash \\x01"')
  })

  test('are always one line', () => {
    const isOneLine = (text: string) => !/[\n\r]/.test(logrusLine(APRIL, 0, 'info', text))
    fc.assert(fc.property(fc.string({ unit: 'binary' }), isOneLine), { seed: 2 })
  })
})

describe('syslog lines', () => {
  test('carry the short host name and a day padded with a blank', () => {
    expect(syslogLine(APRIL, 'papaya.lab.example', 'ActionQueueScrape.pl', 10018, 'text')).toBe(
      'Apr 13 14:34:02 papaya ActionQueueScrape.pl[10018]: text',
    )
    expect(syslogLine(Date.UTC(2020, 0, 5), 'papaya', 'x', 1, 'text')).toBe('Jan  5 00:00:00 papaya x[1]: text')
  })

  test('come in the order of the calls, with the time of the call and the name at that time', async () => {
    const sim = createSim({ seed: 1 })
    const { world } = sim.addHost({ name: 'ftd1', interfaces: [{ name: 'eth0', address: '192.0.2.27', netmask: '255.255.255.0' }] })
    let slowMs = 2_000
    const log = openSyslog(world, '/log', 'x', async () => {
      await world.clock.sleep((slowMs -= 1_000))
      return 'ftd1'
    })
    log.write('first')
    log.write('second')
    await sim.run(() => log.flushed())
    expect((await world.files.read('/log')).toString()).toBe('Jan  5 12:00:00 ftd1 x[1]: first\nJan  5 12:00:00 ftd1 x[1]: second\n')
    await sim.close()
  })
})
