import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Key, keysOf, LineEditor } from '../../../shared/host/shell/line-editor.ts'

test('keys are cut from what a terminal sends, also in pieces', () => {
  expect(keysOf('ab\x1b[A\x7f\r\n\x03').keys).toEqual([
    { kind: 'text', text: 'ab' },
    { kind: 'up' },
    { kind: 'backspace' },
    { kind: 'enter' },
    { kind: 'interrupt' },
  ])
  expect(keysOf('a\x1b[')).toEqual({ keys: [{ kind: 'text', text: 'a' }], rest: '\x1b[' })
  expect(keysOf('\x1b[3~\x1b[99~x').keys).toEqual([{ kind: 'delete' }, { kind: 'text', text: 'x' }])
})

test('whatever is typed, the screen shows the line', () => {
  const kinds = ['backspace', 'delete', 'up', 'down', 'left', 'right', 'home', 'end', 'kill-line', 'kill-word'] as const
  const key: fc.Arbitrary<Key> = fc.oneof(
    fc.constantFrom(...kinds).map((kind): Key => ({ kind })),
    fc.string({ unit: fc.constantFrom('a', 'b', ' '), minLength: 1, maxLength: 3 }).map((text): Key => ({ kind: 'text', text })),
  )
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      const editor = new LineEditor({ shown: (line) => line, history: ['earlier', 'later on'] })
      const screen: string[] = []
      let cursor = 0
      for (const pressed of keys) {
        for (const char of editor.press(pressed)) {
          if (char === '\b') cursor--
          else screen[cursor++] = char
        }
        expect(screen.join('').trimEnd()).toBe(editor.line.trimEnd())
      }
    }),
  )
})
