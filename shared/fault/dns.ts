import { z } from 'zod'
import type { DnsOverride } from '../contract/admin.ts'
import { injectAll } from './cures.ts'
import type { Cure, FaultSite } from './fault.ts'
import { addObject } from './hands.ts'
import { hostsMatching } from './hosts.ts'
import { defineKind } from './kind.ts'
import { DnsName, HostPattern } from './parameters.ts'

const server = HostPattern.optional().describe('the DNS server of the lab that does it; all of them unless given')

/** The resolver lives, but queries get no packet back. */
export const dnsNoAnswer = defineKind({
  summary: 'a DNS server does not answer, for one name or for all',
  schema: z.strictObject({
    kind: z.literal('dns.no-answer'),
    server,
    name: DnsName.optional().describe('the name, or *.zone for all names below a zone; all names unless given'),
  }),
  explain: ({ server, name }) => `${theServer(server)} gives no answer to ${name === undefined ? 'any query' : `queries for ${name}`}.`,
  inject: ({ server, name }, site) => override(site, server, name === undefined ? { answer: 'silence' } : { answer: 'silence', name }),
})

/** A DNS view or filter hides a name. */
export const dnsNxdomain = defineKind({
  summary: 'a DNS server says that a name does not exist',
  schema: z.strictObject({
    kind: z.literal('dns.nxdomain'),
    name: DnsName.describe('the name, or *.zone for all names below a zone'),
    server,
  }),
  explain: ({ server, name }) => `${theServer(server)} says that ${name} does not exist.`,
  inject: ({ server, name }, site) => override(site, server, { answer: 'nxdomain', name }),
})

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
