import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { NetInterface } from '../../shared/kernel/net.ts'
import type { AddressMap } from '../../shared/os/address-map.ts'
import { createOsWorld, type OsWorldOptions } from '../../shared/os/world.ts'
import type { TwoHosts } from './hosts.ts'
import { programs } from './programs.ts'

const entry = new URL('entry.ts', import.meta.url).href
const canPing = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'ping')))
const onNet = (name: string, address: string): NetInterface => ({
  name,
  address,
  netmask: '255.255.255.0',
  mac: '02:F7:C0:00:02:1B',
  mtu: 1_500,
})

type Extra = Pick<OsWorldOptions, 'log' | 'speed'>

/** Two hosts on the machine's own loopback addresses. */
export async function loopbackHosts(extra: Extra = {}): Promise<TwoHosts> {
  return hosts('127.0.0.1', ['127.0.0.1', '127.0.0.2'], undefined, () => 0, extra)
}

/** Two hosts with lab addresses, which stand for local ports that are free. */
export async function mappedHosts(extra: Extra = {}): Promise<TwoHosts> {
  const addresses = ['192.0.2.27', '192.0.2.28', '192.0.2.29']
  const ports = [443, 8_305]
  const keys = ports.flatMap((port) => [...addresses.map((address) => `${address}:${port}`), `a/127.0.0.1:${port}`, `b/127.0.0.1:${port}`])
  const local = await freePorts(keys.length)
  const map = Object.fromEntries(keys.map((key, index) => [key, local[index]!]))
  let asked = 0
  return hosts(addresses[0]!, [addresses[1]!, addresses[2]!], map, () => ports[asked++ % ports.length]!, extra)
}

async function hosts(
  a: string,
  b: readonly [string, string],
  addressMap: AddressMap | undefined,
  port: () => number,
  extra: Extra,
): Promise<TwoHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'ftdlab-'))
  const make = async (host: string, addresses: readonly string[]) =>
    createOsWorld({
      host,
      root: await mkdtemp(join(folder, `${host}-`)),
      seed: 7,
      programs,
      entry,
      interfaces: addresses.map((address, index) => onNet(`eth${index}`, address)),
      ...(addressMap === undefined ? {} : { addressMap }),
      log: { write: () => {} },
      ...extra,
    })
  const worlds = { a: await make('a', [a]), b: await make('b', b) }
  return {
    ...worlds,
    addressOfA: a,
    addressesOfB: b,
    port,
    canPing,
    run: (work) => work(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([worlds.a[Symbol.asyncDispose](), worlds.b[Symbol.asyncDispose]()])
      await rm(folder, { recursive: true })
    },
  }
}

/** Local ports that nobody has at the moment, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))))
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
