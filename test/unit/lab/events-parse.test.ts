import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EVENT_IDS, type DeviceEvent, type EventType } from '../../../shared/contract/event.ts'
import { parseEvents } from '../../../services/lab/events/parse.ts'

const receivedMs = Date.UTC(2026, 0, 5, 8)
const parse = (text: string, format?: 'syslog' | 'json') => parseEvents(text, { receivedMs, format })
const only = (text: string) => {
  const { events, problems } = parse(text)
  expect(problems).toEqual([])
  expect(events).toHaveLength(1)
  return events[0]!
}

describe('syslog', () => {
  test('a connection event with priority, ISO time and host', () => {
    const line =
      '<113>2022-07-11T14:22:33Z fpr2110 %FTD-6-430003: EventPriority: Low, DeviceUUID: 0aa0aa00-0000-11ec-8a00-aaaaaaaaaaaa, InstanceID: 3, ' +
      'FirstPacketSecond: 2022-07-11T14:22:30Z, ConnectionID: 26434, AccessControlRuleAction: Allow, SrcIP: 198.51.100.7, DstIP: 192.0.2.100, ' +
      'SrcPort: 51000, DstPort: 443, Protocol: tcp, Prefilter Policy: Default Prefilter Policy, User: No Authentication Required'
    expect(only(line)).toEqual({
      line: 1,
      host: 'fpr2110',
      event: {
        type: 'connection',
        id: 430003,
        time: Date.UTC(2022, 6, 11, 14, 22, 30),
        fields: {
          EventPriority: 'Low',
          DeviceUUID: '0aa0aa00-0000-11ec-8a00-aaaaaaaaaaaa',
          InstanceID: 3,
          FirstPacketSecond: '2022-07-11T14:22:30Z',
          ConnectionID: 26434,
          AccessControlRuleAction: 'Allow',
          SrcIP: '198.51.100.7',
          DstIP: '192.0.2.100',
          SrcPort: 51000,
          DstPort: 443,
          Protocol: 'tcp',
          'Prefilter Policy': 'Default Prefilter Policy',
          User: 'No Authentication Required',
        },
      },
    })
  })

  test.each([
    ['RFC 3164', '<113>Jan  4 14:22:33 fpr2110 %FTD-1-430001: SrcIP: 198.51.100.7', 'fpr2110', Date.UTC(2026, 0, 4, 14, 22, 33)],
    [
      'RFC 3164 of last year',
      'Dec 31 23:59:59 fpr2110 : %FTD-1-430001: SrcIP: 198.51.100.7',
      'fpr2110',
      Date.UTC(2025, 11, 31, 23, 59, 59),
    ],
    [
      "FTD's own, with a year and no host",
      '<113>Jul 11 2022 14:22:33: %FTD-1-430001: SrcIP: 198.51.100.7',
      undefined,
      Date.UTC(2022, 6, 11, 14, 22, 33),
    ],
    [
      'RFC 5424',
      '<113>1 2022-07-11T14:22:33.250+02:00 fpr2110 - - - - %FTD-1-430001: SrcIP: 198.51.100.7',
      'fpr2110',
      Date.UTC(2022, 6, 11, 12, 22, 33, 250),
    ],
    [
      'a relay before the device',
      'Jan  5 07:00:00 192.0.2.40 Jan 04 2026 14:22:33 ftd2 : %FTD-1-430001: SrcIP: 198.51.100.7',
      'ftd2',
      Date.UTC(2026, 0, 4, 14, 22, 33),
    ],
    [
      'an address for a host',
      '2022-07-11T14:22:33Z 192.0.2.27 %FTD-1-430001: SrcIP: 198.51.100.7',
      '192.0.2.27',
      Date.UTC(2022, 6, 11, 14, 22, 33),
    ],
    ['nothing before the tag', '%FTD-1-430001: SrcIP: 198.51.100.7', undefined, receivedMs],
  ])('header: %s', (_name, line, host, time) => {
    const parsed = only(line)
    expect(parsed.host).toBe(host)
    expect(parsed.event.time).toBe(time)
  })

  test.each([
    ['%FTD--6-430005: SrcIP: 198.51.100.7', 'malware', 430005],
    ['%NGIPS-6-430004: SrcIP: 198.51.100.7', 'file', 430004],
    ['%FTD-5-430002 SrcIP: 198.51.100.7', 'connection', 430002],
  ])('tag: %s', (line, type, id) => {
    expect(only(line).event).toMatchObject({ type, id })
  })

  test('values keep commas, colons and quotes', () => {
    const { fields } = only(
      '%FTD-1-430001: UserAgent: Mozilla/5.0 (X11; Linux x86_64, like Gecko), URL: https://x.example/a?b=1,2, c:3, ' +
        'Message: "POLICY-OTHER a, Foo: bar", Classification: Misc Activity, User: a, User: b, Client: ',
    ).event
    expect(fields).toEqual({
      UserAgent: 'Mozilla/5.0 (X11; Linux x86_64, like Gecko)',
      URL: 'https://x.example/a?b=1,2, c:3',
      Message: '"POLICY-OTHER a, Foo: bar"',
      Classification: 'Misc Activity',
      User: 'a, User: b',
      Client: '',
    })
  })

  test('a quote that is never closed does not swallow the rest', () => {
    expect(only('%FTD-1-430001: Message: "cut, Classification: Misc Activity').event.fields).toEqual({
      Message: '"cut',
      Classification: 'Misc Activity',
    })
  })

  test.each([
    ['hello', /no tag such as %FTD/],
    ['%FTD-6-106023: Deny tcp', /106023 is no security event/],
    ['<999>%FTD-1-430001: SrcIP: 1', /<999> is no syslog priority/],
    ['Feb 30 2022 01:02:03 %FTD-1-430001: SrcIP: 1', /there is no such time: Feb 30 2022/],
    ['%FTD-1-430001: something else', /does not begin with a key/],
    ['%FTD-1-430001:', /does not begin with a key/],
    ['%FTD-1-430001: FirstPacketSecond: soon', /FirstPacketSecond is no time: soon/],
  ])('a bad line is a problem: %s', (line, reason) => {
    const good = '%FTD-1-430001: SrcIP: 198.51.100.7'
    const { events, problems } = parse(`${good}\r\n\n${line}\n${good}`)
    expect(events.map((event) => event.line)).toEqual([1, 4])
    expect(problems).toEqual([{ line: 3, reason: expect.stringMatching(reason) }])
  })
})

test('a line longer than any event is a problem', () => {
  const { events, problems } = parse(`%FTD-1-430001: URL: ${'x'.repeat(70_000)}`)
  expect(events).toEqual([])
  expect(problems).toEqual([{ line: 1, reason: 'it has 70020 characters; an event has at most 65536' }])
})

describe('JSON lines', () => {
  const event: DeviceEvent = { type: 'file', id: 430004, time: 1, fields: { FileName: 'a.pdf', FileSize: 3 } }

  test('come back as they were, also among syslog', () => {
    const { events, problems } = parse(`\uFEFF${JSON.stringify(event)}\n%FTD-1-430001: SrcIP: 1\n  ${JSON.stringify(event)}`)
    expect(problems).toEqual([])
    expect(events.map((parsed) => parsed.event.type)).toEqual(['file', 'intrusion', 'file'])
    expect(events[2]!.event).toEqual(event)
  })

  test.each([
    ['{"type":', /it is not JSON/],
    [JSON.stringify({ ...event, type: 'intrusion' }), /id 430004 is of type file, not intrusion/],
    [JSON.stringify({ ...event, extra: 1 }), /extra/],
    [JSON.stringify({ ...event, id: 1 }), /^id: /],
  ])('a bad one is a problem: %s', (line, reason) => {
    expect(parse(line)).toEqual({ events: [], problems: [{ line: 1, reason: expect.stringMatching(reason) }] })
  })

  test('a format that is named holds for every line', () => {
    expect(parse('%FTD-1-430001: SrcIP: 1', 'json').problems).toHaveLength(1)
    expect(parse(JSON.stringify(event), 'syslog').problems).toHaveLength(1)
  })
})

describe('whatever comes', () => {
  test('it never throws, and every line that is not empty is an event or a problem', () => {
    const piece = fc.constantFrom(
      '%FTD-1-430001: ',
      '%FTD-6-430003:',
      '<1>',
      'Jan 1 ',
      '2022-01-01T00:00:00Z ',
      'A: ',
      ', B: ',
      '"',
      ', ',
      '{',
      '}',
      '\n',
      '\r\n',
      ' ',
      '\0',
      '1',
      'é',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (any) => {
        const { events, problems } = parse(any)
        const lines = any
          .replace(/^\uFEFF/, '')
          .split('\n')
          .filter((line) => line.trim() !== '')
        expect(events.length + problems.length).toBe(lines.length)
      }),
    )
  })

  test('every well-formed line comes back, whatever stands between', () => {
    const key = fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,12}$/).filter((name) => name !== 'FirstPacketSecond')
    const text = fc
      .string({ unit: 'grapheme-ascii', maxLength: 40 })
      .filter((value) => value === value.trim() && !value.startsWith('"') && !/, [A-Z]\w*:/.test(`, ${value}`) && !/^\d+$/.test(value))
    const value = fc.oneof(
      text,
      fc.nat(),
      text.filter((inner) => !inner.includes('"')).map((inner) => `"${inner}, Foo: x"`),
    )
    const fields = fc.dictionary(key, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true })
    const type = fc.constantFrom(...(Object.keys(EVENT_IDS) as EventType[]))
    const garbage = fc.stringMatching(/^[a-z ]*[a-z]$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(type, fields, fc.option(garbage)), { maxLength: 6 }), (rows) => {
        const lines = rows.flatMap(([kind, given, noise]) => {
          const body = Object.entries(given)
            .map(([name, content]) => `${name}: ${content}`)
            .join(', ')
          return [...(noise === null ? [] : [noise]), `<113>2022-07-11T14:22:33Z ftd1 %FTD-6-${EVENT_IDS[kind][0]}: ${body}`]
        })
        const { events, problems } = parse(lines.join('\n'))
        expect(problems).toHaveLength(rows.filter(([, , noise]) => noise !== null).length)
        expect(events.map((parsed) => parsed.event.fields)).toEqual(rows.map(([, given]) => given))
      }),
    )
  })

  test.each([
    ['quotes', ', B: "x'],
    ['commas', ', '],
    ['keys', ', A: '],
    ['tags', '%FTD-'],
    ['times', 'Jan 1 2022 '],
    ['digits', '1'],
  ])('a hostile line of %s takes time in proportion to its length', (_name, piece) => {
    const line = `%FTD-1-430001: A: ${piece.repeat(65_000 / piece.length)}`.slice(0, 65_536)
    const startedMs = performance.now()
    for (let i = 0; i < 10; i++) parse(`${line}\n${line.slice(15)}`)
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })

  test('a file of nothing but nonsense ends after a while', () => {
    const { problems } = parse('x\n'.repeat(100_002))
    expect(problems).toHaveLength(100_001)
    expect(problems.at(-1)).toEqual({ line: 100_001, reason: expect.stringContaining('this is no event file') })
  })
})
