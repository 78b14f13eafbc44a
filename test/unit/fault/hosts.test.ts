import { expect, test } from 'vitest'
import { ftdShells } from '../../../services/ftd/cli/shells.ts'
import { hostShells } from '../../../shared/host/shell/exec.ts'
import { injectFault } from '../../../shared/fault/catalogue.ts'
import type { Fault, FaultSite } from '../../../shared/fault/fault.ts'
import type { Conn } from '../../../shared/kernel/net.ts'
import { shellPrograms } from '../../../shared/host/shell/programs/index.ts'
import { request } from '../../../shared/wire/http/client.ts'
import { tunnel } from '../../../shared/wire/http/connect.ts'
import { createResolver } from '../../../shared/wire/dns/resolver.ts'
import { addressesOf, startEstate, TOKEN } from '../network/estate.ts'

const API = 'api.eu.sse.itd.cisco.com'

/** The customer's network with a device's real command line, and a fault site that works on both. */
async function startSite() {
  const estate = await startEstate({ programs: shellPrograms })
  const { sim, client } = estate
  const hold = () => sim.clock.hold()
  const shells = hostShells(ftdShells(client, shellPrograms, { hold }))
  const hosts = [estate.dns, estate.gateway, estate.proxy, { name: 'ftd1', kind: 'ftd', address: '192.0.2.27' } as const]
  const site: FaultSite = {
    hosts: async () => hosts,
    now: () => sim.clock.now(),
    exec: (_host, command, options) => shells.exec(command, options),
    async request(name, { method, path, body }) {
      const response = await request(client, {
        url: `http://${hosts.find((host) => host.name === name)!.address}:9000${path}`,
        method,
        headers: { authorization: `Bearer ${TOKEN}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = response.body.toString()
      return { status: response.status, headers: {}, body: text === '' ? undefined : JSON.parse(text) }
    },
  }
  const codeOf = (work: Promise<unknown>) =>
    sim.run(
      work.then(
        () => 'good',
        (error: { code: string; status?: number }) => String(error.status ?? error.code),
      ),
    )
  await sim.run(estate.cloud.net.listen({ port: 443 }, () => {}))
  return {
    estate,
    site,
    inject: (fault: Fault) => sim.run(injectFault(fault, site)),
    /** How a look-up, a direct connection and one through the proxy end, as seen from the device. */
    async look() {
      const dial = (address: string) => client.net.dial({ address, port: 443 }).then((conn) => conn.destroy())
      return {
        lookup: await codeOf(createResolver(client).lookup(API)),
        direct: await codeOf(dial(addressesOf(API)[0]!)),
        proxied: await codeOf(tunnel(client, { host: estate.proxy.address, port: 3128 }, API, 443).then((conn) => conn.destroy())),
      }
    },
    /** How long a direct connection and one through the proxy take, in milliseconds. */
    async times() {
      const timed = async (open: () => Promise<Conn>) => {
        const startMs = sim.clock.uptimeMs()
        ;(await sim.run(open)).destroy()
        return sim.clock.uptimeMs() - startMs
      }
      return {
        direct: await timed(() => client.net.dial({ address: addressesOf(API)[0]!, port: 443 })),
        proxied: await timed(() => tunnel(client, { host: estate.proxy.address, port: 3128 }, API, 443)),
      }
    },
    network: async () => (await sim.run(shells.exec('show network'))).output,
    [Symbol.asyncDispose]: () => estate[Symbol.asyncDispose](),
  }
}

const GOOD = { lookup: 'good', direct: 'good', proxied: 'good' }

test.each([
  [
    { kind: 'device.dns', host: 'ftd1', servers: ['192.0.2.10'] },
    { ...GOOD, lookup: 'ETIMEOUT' },
  ],
  [
    { kind: 'device.dns', host: 'ftd*', servers: [] },
    { ...GOOD, lookup: 'ENOSERVER' },
  ],
  [{ kind: 'dns.no-answer' }, { ...GOOD, lookup: 'ETIMEOUT', proxied: '504' }],
  [
    { kind: 'dns.nxdomain', name: API, server: 'dns' },
    { ...GOOD, lookup: 'ENOTFOUND', proxied: '502' },
  ],
  [
    { kind: 'net.drop', to: API, port: 443 },
    { ...GOOD, direct: 'ETIMEDOUT', proxied: '504' },
  ],
  [
    { kind: 'net.reject', to: '203.0.113.0/24', from: 'ftd1' },
    { ...GOOD, direct: 'ECONNREFUSED' },
  ],
  [
    { kind: 'net.loss', to: API, percent: 100 },
    { ...GOOD, direct: 'ETIMEDOUT', proxied: '504' },
  ],
  [{ kind: 'proxy.required' }, { ...GOOD, direct: 'ETIMEDOUT' }],
  [
    { kind: 'proxy.auth', user: 'lab', password: 'pw' },
    { ...GOOD, proxied: '407' },
  ],
])('%j does what it says to real hosts, and its cure takes it back', async (fault, outcome) => {
  await using lab = await startSite()
  expect(await lab.look()).toEqual(GOOD)
  const cure = await lab.inject(fault)
  expect(await lab.look()).toEqual(outcome)
  await lab.estate.sim.run(cure())
  expect(await lab.look()).toEqual(GOOD)
})

test.each([
  [
    { kind: 'net.delay', to: API, port: 443, delayMs: 400 },
    { direct: 800, proxied: 800 },
  ],
  [
    { kind: 'net.delay', to: '203.0.113.0/24', from: 'ftd1', delayMs: 400 },
    { direct: 800, proxied: 0 },
  ],
  [
    { kind: 'proxy.slow', delayMs: 400 },
    { direct: 0, proxied: 400 },
  ],
])('%j makes what it says take longer, and its cure takes it back', async (fault, tookMs) => {
  await using lab = await startSite()
  expect(await lab.times()).toEqual({ direct: 0, proxied: 0 })
  const cure = await lab.inject(fault)
  expect(await lab.times()).toEqual(tookMs)
  await lab.estate.sim.run(cure())
  expect(await lab.times()).toEqual({ direct: 0, proxied: 0 })
})

test('device.proxy answers the prompts of the device, and its cure gives the old proxy back', async () => {
  await using lab = await startSite()
  const before = await lab.network()
  const outer = await lab.inject({ kind: 'device.proxy', host: 'ftd1', address: 'proxy.lab.example', user: 'lab', password: 'p:w' })
  const withProxy = await lab.network()
  expect(withProxy).toMatch(/proxy\.lab\.example/)
  expect(withProxy).toMatch(/Authentication +: Enabled/)
  const inner = await lab.inject({ kind: 'device.proxy', host: 'ftd1' })
  expect(await lab.network()).toBe(before)
  await lab.estate.sim.run(inner())
  expect(await lab.network()).toBe(withProxy)
  await lab.estate.sim.run(outer())
  expect(await lab.network()).toBe(before)
})

test('a name that does not exist is refused in the words of the gateway', async () => {
  await using lab = await startSite()
  await expect(lab.inject({ kind: 'net.drop', to: 'api-see.cisco.com' })).rejects.toMatchObject({
    code: 'LAB_BAD_INPUT',
    message: 'gateway: api-see.cisco.com has no address, says the DNS server 192.0.2.11',
  })
})
