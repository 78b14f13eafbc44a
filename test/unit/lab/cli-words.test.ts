import { CommanderError } from 'commander'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { program } from '../../../services/lab/cli/program.ts'

let errors = ''
let printed = ''

beforeEach(() => {
  errors = printed = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => ((errors += String(chunk)), true))
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((printed += String(chunk)), true))
})
afterEach(() => vi.restoreAllMocks())

const run = async (...words: string[]) => {
  let code: number | undefined
  await program((given) => (code = given)).parseAsync(words, { from: 'user' })
  return code
}

test.each([
  ['stauts', "unknown command 'stauts' (Did you mean status?)"],
  ['up --detatch', "unknown option '--detatch' (Did you mean --detach?)"],
  ['up --region moon', "option '--region <region>' argument 'moon' is invalid. Allowed choices are us, eu, apj."],
  ['exec ftd1', "missing required argument 'command'"],
  ['exec ftd1 show network', "too many arguments for 'exec'. Expected 2 arguments but got 3: ftd1, show, network."],
  [
    'events send ftd1 --type fire',
    "option '--type <type>' argument 'fire' is invalid. Allowed choices are intrusion, connection, file, malware.",
  ],
])('ftdlab %s: one sentence', async (line, sentence) => {
  await expect(run(...line.split(' '))).rejects.toBeInstanceOf(CommanderError)
  expect(errors).toBe(`${sentence}\n`)
})

test.each([
  ['up --ftds many', '--ftds takes a whole number from 1 to 5000, not many'],
  ['up --ftds 0', '--ftds takes a whole number from 1 to 5000, not 0'],
  ['up --speed -1', '--speed takes a number above 0 and up to 10000, not -1'],
  ['up --port 70000', '--port takes a whole number from 0 to 65535, not 70000'],
  ['fault', 'ftdlab fault takes one of ls, add, rm, explain'],
  ['fault lss', 'ftdlab fault has no lss; did you mean ls? It has ls, add, rm, explain'],
  ['clock sped 3', 'ftdlab clock has no sped; did you mean speed? It has speed, pause, run, advance'],
  ['clock speed fast', 'speed takes a number above 0 and up to 10000, not fast'],
])('ftdlab %s: what would do', async (line, sentence) => {
  await expect(run(...line.split(' '))).rejects.toMatchObject({ code: 'LAB_BAD_INPUT', message: sentence })
})

test.each([
  ['fault add dns.noanswer', /^no fault is called dns\.noanswer; did you mean dns\.no-answer\?/],
  ['fault add device.dns host', /^"host" is no parameter: write name=value/],
  ['scenario verify nothing', /^there is no scenario nothing; the scenarios are /],
])('ftdlab %s is refused before a lab is looked for', async (line, sentence) => {
  await expect(run(...line.split(' '))).rejects.toThrow(sentence)
})

test('what can be broken is explained without a lab', async () => {
  expect(await run('fault', 'explain')).toBe(0)
  expect(printed).toContain('device.dns')
  printed = ''
  expect(await run('fault', 'explain', 'device.dns')).toBe(0)
  expect(printed).toMatch(/servers=….*/)
  printed = ''
  expect(await run('fault', 'explain', 'device.dns', 'host=ftd1', 'servers=192.0.2.10')).toBe(0)
  expect(printed).toBe('ftd1 is configured to use 192.0.2.10 as its DNS server.\n')
})

test('the catalogue tells no answers, unless asked to', async () => {
  expect(await run('scenario', 'ls')).toBe(0)
  expect(printed).toContain('quiet-harbour')
  expect(printed).not.toContain('dns-wrong-server')
  printed = ''
  expect(await run('scenario', 'show', 'quiet-harbour')).toBe(0)
  expect(printed).not.toMatch(/dns-wrong-server|device\.dns/)
  printed = ''
  expect(await run('scenario', 'show', 'quiet-harbour', '--answers')).toBe(0)
  expect(printed).toContain('dns-wrong-server')
})
