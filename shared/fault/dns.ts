import { z } from 'zod'
import type { DnsOverride, Turns } from '../contract/admin.ts'
import { injectAll } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { addObject } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { DnsName, HostPattern, sayTurns, turns, turnsOf } from './parameters.ts'

const server = HostPattern.optional().describe('the DNS server of the lab that does it; all of them unless given')

/** The resolver lives, but queries get no packet back. */
export const dnsNoAnswer = defineKind({
  summary: 'a DNS server does not answer, for one name or for all',
  schema: z.strictObject({
    kind: z.literal('dns.no-answer'),
    server,
    name: DnsName.optional().describe('the name, or *.zone for all names below a zone; all names unless given'),
    ...turns('queries'),
  }),
  explain: ({ server, name, ...counted }) => `${theServer(server)} gives no answer to ${queriesFor(name, counted)}.`,
  inject: ({ server, name, ...counted }, site) =>
    override(site, server, { answer: 'silence', ...(name !== undefined && { name }), ...turnsOf(counted) }),
})

/** A DNS view or filter hides a name. */
export const dnsNxdomain = defineKind({
  summary: 'a DNS server says that a name does not exist',
  schema: z.strictObject({
    kind: z.literal('dns.nxdomain'),
    name: DnsName.describe('the name, or *.zone for all names below a zone'),
    server,
    ...turns('queries'),
  }),
  explain: ({ server, name, ...counted }) =>
    `${theServer(server)} says that ${name} does not exist${sayTurns(counted) === '' ? '' : ` to queries${sayTurns(counted)}`}.`,
  inject: ({ server, name, ...counted }, site) => override(site, server, { answer: 'nxdomain', name, ...turnsOf(counted) }),
})

function queriesFor(name: string | undefined, counted: Turns): string {
  const said = sayTurns(counted)
  if (name !== undefined) return `queries for ${name}${said}`
  return said === '' ? 'any query' : `queries${said}`
}

function theServer(server: string | undefined): string {
  return server === undefined ? 'The DNS server' : `The DNS server ${server}`
}

async function override(site: FaultSite, server = '*', body: DnsOverride): Promise<Cure> {
  const servers = await hostsMatching(site, server, 'dns')
  return injectAll(
    servers.map(
      ({ name }) =>
        () =>
          addObject(site, name, '/v1/overrides', body),
    ),
  )
}
