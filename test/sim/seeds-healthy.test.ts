import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLab, type OpenLab } from '../support/open-lab.ts'
import { play } from '../support/terminal.ts'
import { expectTranscript, transcript } from '../support/transcript.ts'

let lab: OpenLab

beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab[Symbol.asyncDispose]())

describe('a healthy device prints what the documents show', () => {
  test.each([
    'curl-api-sse',
    'curl-clients',
    'curl-est',
    'curl-eventing-ingest',
    'curl-mx01',
    'nslookup-api-sse',
    'nslookup-amp',
    'connector-properties',
    'netstat-connected',
    'lsof-established',
    'context',
    'telnet-443',
    'telnet-8989',
    'ping',
  ])('root: %s', async (name) => {
    const expected = transcript(name)
    expectTranscript(await play(lab, 'ftd1', expected), expected)
  })

  test('clish: show network', async () => {
    const expected = transcript('show-network')
    expectTranscript(await play(lab, 'ftd1', expected, 'clish'), expected)
  })
})

describe('the FMC, which must reach the cloud too, prints the same', () => {
  test.each(['curl-api-sse', 'curl-clients', 'curl-est', 'curl-eventing-ingest', 'curl-mx01', 'nslookup-api-sse', 'nslookup-amp'])(
    '%s',
    async (name) => {
      // Its files have no /ngfw before them.
      const expected = transcript(name).replaceAll('root@ftd1', 'root@fmc').replaceAll('/ngfw/', '/')
      expectTranscript(await play(lab, 'fmc', expected), expected)
    },
  )
})

test('the two addresses of the alias are those that curl tries', async () => {
  const lookedUp = transcript('nslookup-api-sse')
  const { first, second } = expectTranscript(await play(lab, 'ftd1', lookedUp), lookedUp)
  const traced = transcript('curl-api-sse')
  const { peer } = expectTranscript(await play(lab, 'ftd1', traced), traced)
  expect([first, second]).toContain(peer)
  expect(first).not.toBe(second)
})

test('the administrator stops and starts the connector with sudo pmtool, and it connects again', async () => {
  const expected = transcript('restart-connector')
  expectTranscript(await play(lab, 'ftd1', expected, 'expert'), expected)
  for (const name of ['netstat-connected', 'lsof-established']) {
    const again = transcript(name)
    expectTranscript(await play(lab, 'ftd1', again), again)
  }
})

test('later versions have a fourth line in connector.properties', async () => {
  await using later = await openLab({ ftdVersion: '7.0.0' })
  const expected = transcript('connector-properties-later')
  expectTranscript(await play(later, 'ftd1', expected), expected)
})

test('each shell has its prompt, which follows the folder and the host name', async () => {
  await using own = await openLab()
  const expected = transcript('prompts')
  expectTranscript(await play(own, 'ftd1', expected, 'clish'), expected)
})
