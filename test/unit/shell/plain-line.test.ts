import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainLine } from '../../../shared/host/shell/plain-line.ts'

const words = (line: string) => plainLine(line)?.map((command) => command.words)

test('words, quotes and pipes are resolved', () => {
  expect(words('netstat -anlp | grep EventHandler_SSEConnector.sock')).toEqual([
    ['netstat', '-anlp'],
    ['grep', 'EventHandler_SSEConnector.sock'],
  ])
  expect(words(`a 'b  c' "d \\" e" f\\ g ''`)).toEqual([['a', 'b  c', 'd " e', 'f g', '']])
  expect(words('curl -v https://api-sse.cisco.com/a?b=1')).toEqual([['curl', '-v', 'https://api-sse.cisco.com/a?b=1']])
  expect(plainLine('curl x 2>&1 | grep y')).toEqual([
    { words: ['curl', 'x'], mergeStderr: true },
    { words: ['grep', 'y'], mergeStderr: false },
  ])
  expect(plainLine('curl x 2>& 1')).toEqual([{ words: ['curl', 'x'], mergeStderr: true }])
})

test.each([
  '',
  'a;b',
  'a && b',
  'a || b',
  'a > f',
  'a < f',
  'a &',
  'echo $x',
  'echo "$x"',
  'echo `a`',
  'ls *',
  'ls ?',
  'A=1 b',
  'a |',
  '| a',
  "a 'b",
  '# c',
  'cd ~',
  'a 2>f',
  '! a',
  '{ a; }',
])('a line that needs bash is left to it: %s', (line) => expect(plainLine(line)).toBeUndefined())

test('any words come back from their quotes', () => {
  const word = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (list) => {
      expect(words(list.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(' '))).toEqual([list])
    }),
  )
})
