import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { labCertificates } from '../../../services/lab/certificates.ts'
import { planContainers } from '../../../services/lab/containers/plan.ts'
import { planLab, type LabOptions } from '../../../services/lab/plan.ts'
import { FmcConfig } from '../../../services/fmc/config.ts'
import { FtdConfig } from '../../../services/ftd/config.ts'
import { SseConfig } from '../../../services/sse/config.ts'

const OPTIONS: LabOptions = {
  ftds: 10,
  region: 'us',
  internet: 'direct',
  seed: 1,
  traffic: () => [{ type: 'intrusion', ratePerSecond: 1 }],
}
const TIME = { speed: 1, epochMs: 0 }
const containers = planContainers(OPTIONS, labCertificates(TIME.epochMs), TIME)
const named = (host: string) => containers.find((container) => container.host === host)!

interface ComposeFile {
  readonly services: Readonly<
    Record<
      string,
      { readonly networks?: Readonly<Record<string, { readonly ipv4_address?: string } | null>>; readonly profiles?: readonly string[] }
    >
  >
}
/** As Compose reads it where the environment says nothing. */
const text = readFileSync(join(import.meta.dirname, '../../../docker-compose.yml'), 'utf8').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
const composeFile = parse(text, { merge: true }) as ComposeFile

test('every container of the compose file is planned, and every planned host has a container', () => {
  const hosts = Object.keys(composeFile.services).filter((service) => !service.startsWith('plan'))
  expect(containers.map(({ host }) => host).toSorted()).toEqual(hosts.toSorted())
})

test('the addresses of the compose file are those of the plan', () => {
  const plan = planLab(OPTIONS)
  const { gateway, dns, proxy, fmc, sse, operator } = plan.interfaces
  const wanted = {
    gateway: gateway.map(({ address }) => address),
    dns: dns.map(({ address }) => address),
    proxy: proxy.map(({ address }) => address),
    fmc: fmc.map(({ address }) => address),
    lab: operator.map(({ address }) => address),
    // The first one; the entry adds the others.
    sse: [sse[0]!.address],
    ...Object.fromEntries(plan.ftds.map(({ name, address }) => [name, [address]])),
  }
  for (const [service, addresses] of Object.entries(wanted)) {
    const given = Object.values(composeFile.services[service]!.networks!).flatMap((network) => network?.ipv4_address ?? [])
    expect([service, given]).toEqual([service, addresses])
  }
})

test('the cloud has all its addresses, and its route leads to the gateway', () => {
  const lines = named('sse').network.trimEnd().split('\n')
  expect(lines).toContain('address 203.0.113.11/24')
  expect(lines).not.toContain('address 203.0.113.10/24')
  expect(lines).toContain('gateway 203.0.113.1')
})

test('a device has its own route and resolver; the gateway and the operator have no way out', () => {
  expect(named('ftd1').network).toBe('gateway 192.0.2.1\nnameserver 192.0.2.11\n')
  expect(named('gateway').network).toBe('')
  expect(named('lab').network).toMatch(/^(host \S+ \S+\n)+$/)
})

test('the configurations are what the products take, also after a trip through JSON', () => {
  const input = (host: string) => JSON.parse(JSON.stringify(named(host).config.input)) as unknown
  expect(() => FtdConfig.parse(input('ftd2'))).not.toThrow()
  expect(() => FmcConfig.parse(input('fmc'))).not.toThrow()
  expect(() => SseConfig.parse(input('sse'))).not.toThrow()
})
