import { describe, expect } from 'vitest'
import { hostsTest, type TwoHosts } from './hosts.ts'

/** A line of the lab's log as a World's test wrote it down. */
export interface LoggedLine {
  readonly level: string
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Makes hosts whose log can be read back. */
export type MakeLoggedHosts = () => Promise<{ readonly hosts: TwoHosts; readonly lines: () => readonly LoggedLine[] }>

/** What every World's log must do. */
export function logContract(name: string, makeLogged: MakeLoggedHosts): void {
  let lines: () => readonly LoggedLine[] = () => []
  const makeHosts = async (): Promise<TwoHosts> => {
    const made = await makeLogged()
    lines = made.lines
    return made.hosts
  }
  describe(`log of the ${name}`, () => {
    hostsTest('says what happened, with its fields and those of its ancestors', makeHosts, async ({ a: { log } }) => {
      log.info('first', { size: 3 })
      const child = log.child({ part: 'spool' }).child({ device: 7 })
      child.warn('second', { late: true })
      child.error('third')
      const written = lines()
      expect(written.map(({ level, event }) => [level, event])).toEqual([
        ['info', 'first'],
        ['warn', 'second'],
        ['error', 'third'],
      ])
      expect(written[0]!.fields).toMatchObject({ size: 3, host: 'a' })
      expect(written[1]!.fields).toMatchObject({ part: 'spool', device: 7, late: true, host: 'a' })
      expect(written[2]!.fields).not.toHaveProperty('late')
    })
  })
}
